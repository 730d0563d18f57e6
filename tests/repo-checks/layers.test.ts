import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** From the bottom up: a wing imports itself and what stands before it. */
const WINGS = [
  ...['shared', 'http', 'aws', 'observability', 'sessions', 'tokens', 'auth', 'login'],
  ...['federation', 'oauth', 'admin', 'openapi', 'authorizer', 'middy', 'lambda', 'handlers'],
];

/** Folders that no other folder imports, and the folders that may nevertheless. */
const CLOSED: Readonly<Record<string, readonly string[]>> = { tests: [], bench: ['tests'] };
const DEPLOYED = ['handlers', 'lib', 'infra', 'examples'];

const sources = execFileSync('git', ['ls-files', '*.ts'], { encoding: 'utf8' })
  .split('\n')
  // A file may be deleted and not committed yet.
  .filter((file) => file !== '' && existsSync(file));

const folderOf = (file: string) => file.split('/')[0] ?? '';
const rankOf = (file: string) =>
  WINGS.indexOf(file.startsWith('lib/') ? (file.split('/')[1] ?? '') : folderOf(file));

/** The wrong imports of one source text; `file` from the root. */
function wrongImports(file: string, text: string): string[] {
  const imports = [
    ...text.matchAll(/(\bfrom|\bimport|\bimport\(|\bjest\.mock\()\s*'(\.{1,2}\/[^']+)'/g),
  ];
  return imports.flatMap(([, keyword, path = '']) => {
    const imported = posix.join(posix.dirname(file), path);
    const [from, to] = [folderOf(file), folderOf(imported)];
    // The local run is loaded by one plugin, when `serverless offline` asks for it.
    const isLoadedLate = from === 'infra' && keyword === 'import(';
    const isWrong =
      (rankOf(file) >= 0 && rankOf(imported) > rankOf(file)) ||
      (to !== from && to in CLOSED && !CLOSED[to]?.includes(from)) ||
      (DEPLOYED.includes(from) && to === 'local' && !isLoadedLate);
    return isWrong ? [`${file} imports ${imported}`] : [];
  });
}

describe('the layers', () => {
  test('each file imports its own wing, and the wings below', () => {
    expect(sources.flatMap((file) => wrongImports(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  test('every file of lib stands in a wing, and none only hands on others', () => {
    const lib = sources.filter((file) => file.startsWith('lib/'));
    expect(lib.filter((file) => rankOf(file) < 0)).toEqual([]);
    expect(lib.filter((file) => posix.basename(file) === 'index.ts')).toEqual([]);
  });

  test.each([
    ['lib/sessions/a.ts', "import type { B } from '../../handlers/b.ts';"],
    ['local/a.ts', "export { b } from '../bench/b.ts';"],
    ['handlers/a.ts', "await import('../local/b.ts');"],
  ])('a wrong import is found: %s, %s', (file, text) => {
    expect(wrongImports(file, text)).toHaveLength(1);
  });
});
