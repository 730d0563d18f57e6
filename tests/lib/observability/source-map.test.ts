import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { withSources } from '../../../lib/observability/source-map.ts';
import { bundling } from '../../../support/bundling.ts';

let directory: string;
let stack: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'source-map-'));
  const { options } = await bundling('.');
  await build({
    ...options,
    stdin: {
      contents: [
        "import { parseSession } from './lib/sessions/session.ts';",
        'export const fail = () => parseSession({ sub: 1 });',
      ].join('\n'),
      resolveDir: process.cwd(),
    },
    outfile: join(directory, 'bundle.cjs'),
  });
  stack = stackOf(join(directory, 'bundle.cjs'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function stackOf(bundle: string): string {
  try {
    createRequire(import.meta.url)(bundle).fail();
  } catch (error) {
    return String((error as Error).stack);
  }
  throw new Error('It did not fail');
}

test('names lines of the sources in place of the bundle’s', () => {
  expect(stack).toMatch(/bundle\.cjs:\d+:\d+/);
  const mapped = withSources(stack);
  expect(mapped).toMatch(/\blib\/sessions\/session\.ts:\d+:\d+/);
  expect(mapped).not.toMatch(/bundle\.cjs:\d+:\d+/);
  expect(mapped.split('\n')).toHaveLength(stack.split('\n').length);
});

test.each([
  ['without a map', undefined],
  ['with a map that is cut off', '{"version":3,"sources":["a.ts"],'],
  ['with a map that is none', '[]'],
  [
    'with a map that knows no source',
    '{"version":3,"sources":[null],"names":[],"mappings":"AAAA,mBAAmB"}',
  ],
  ['with a map that has no place for it', '{"version":3,"sources":[],"names":[],"mappings":""}'],
])('leaves a bundle’s line as it is %s', (_, map) => {
  const bundle = join(directory, `${Math.random()}.cjs`);
  if (map !== undefined) writeFileSync(`${bundle}.map`, map);
  const line = `    at f (${bundle}:1:20)`;
  expect(withSources(line)).toBe(line);
});

test.each(['/'.repeat(1_000_000), '/a'.repeat(500_000), `${'/x.cjs:1'.repeat(100_000)}`])(
  'a long text takes linear time, and stays as it is: %#',
  (text) => {
    expect(withSources(text)).toBe(text);
  },
);

test('leaves what is no bundle alone', () => {
  const text = 'Error: /x.cjs\n    at g (node:internal/x:1:2)\n    at h (/var/task/lib/a.ts:3:4)';
  expect(withSources(text)).toBe(text);
});
