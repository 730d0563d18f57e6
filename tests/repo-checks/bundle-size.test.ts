import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildResult, build } from 'esbuild';
import { replaced, replacements, shakable } from '../../infra/bundle/plugins.ts';
import { type Bundling, bundling, entryPoint } from '../../support/bundling.ts';

/** Minified, without the source map. */
const LIMIT_BYTES = 230_000;

let project: Bundling;
let result: BuildResult<{ metafile: true; write: false }>;
beforeAll(async () => {
  project = await bundling('.');
  result = await build({
    ...project.options,
    entryPoints: Object.values(project.functions).map(entryPoint),
    outdir: 'bundle',
    sourcemap: false,
    metafile: true,
    write: false,
  });
});

const SESSION_FUNCTIONS = ['logout', 'me', 'list-sessions', 'delete-session', 'authorizer'];
const files = Object.entries(replacements).map(([file, instead]) => ({ file, instead }));

test.each(SESSION_FUNCTIONS)(`%s is at most ${LIMIT_BYTES} bytes of code`, (name) => {
  const bundle = result.outputFiles.find(({ path }) => path.endsWith(`/${name}.js`));
  expect(bundle?.contents.byteLength).toBeGreaterThan(100_000);
  expect(bundle?.contents.byteLength).toBeLessThanOrEqual(LIMIT_BYTES);
});

test('no session function brings what was left out back in', () => {
  const inputs = SESSION_FUNCTIONS.flatMap((name) => {
    const output = Object.entries(result.metafile.outputs).find(([path]) =>
      path.endsWith(`/${name}.js`),
    );
    return Object.entries(output?.[1].inputs ?? {});
  });
  expect(inputs.length).toBeGreaterThan(500);
  const heavy = inputs.filter(
    ([path, { bytesInOutput }]) =>
      bytesInOutput > 300 && files.some(({ file }) => path.endsWith(file)),
  );
  expect(heavy).toEqual([]);
});

describe.each(files)('$file', ({ file, instead }) => {
  const path = join('node_modules', file);

  // After an update of the SDK, a line that meets nothing any more would go unseen.
  test('is still a module of its package, and part of a function', () => {
    expect(existsSync(path)).toBe(true);
    expect(Object.keys(result.metafile.inputs)).toContain(path);
  });

  test('keeps the names of its exports, so that the rest of its package finds them', async () => {
    const original = await exportsOf(readFileSync(path, 'utf8'));
    const exported = await exportsOf(replaced(instead, file, readFileSync(path, 'utf8')));
    expect(original.filter((name) => !exported.includes(name))).toEqual([]);
  });
});

/** By esbuild's own parser. */
async function exportsOf(contents: string): Promise<readonly string[]> {
  const { metafile } = await build({
    stdin: { contents },
    metafile: true,
    write: false,
    format: 'esm',
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}

test('what is left out says so when it is called after all', async () => {
  const text = replaced('', 'some/module.js', 'export const one = 1;\nexport { b as two };');
  const { one, two } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  for (const [name, call] of Object.entries({ one, two }))
    expect(call).toThrow(
      `${name} is left out of the functions, by infra/bundle/plugins.ts: some/module.js`,
    );
});

test('a table of shapes keeps its texts and the one exception that is told apart, and no operation keeps its shapes', () => {
  const table = [
    'const _a = "Text";',
    'export var Shape$ = [3, n0, _a, { [_a]: 1, [_unknown]: 2 }];',
    'export var Operation$ = [9, n0, _a, 0, () => Shape$, () => __Unit];',
    'n0_registry.registerError(OtherException$, OtherException);',
    'n0_registry.registerError(ConditionalCheckFailedException$, ConditionalCheckFailedException);',
    '_s_registry.registerError(DynamoDBServiceException$, DynamoDBServiceException);',
  ].join('\n');
  expect(shakable(table).split('\n').filter(Boolean)).toEqual([
    'const _a = "Text";',
    'export var Shape$ = [3, n0, _a, { "Text": 1, [_unknown]: 2 }];',
    'export var Operation$ = [9, n0, _a, 0, "unit", "unit"];',
    'n0_registry.registerError(ConditionalCheckFailedException$, ConditionalCheckFailedException);',
    '_s_registry.registerError(DynamoDBServiceException$, DynamoDBServiceException);',
  ]);
});

test('of the exceptions those whose class says that they may be tried again are kept', () => {
  const classes = ['dynamodb', 'ssm'].flatMap((client) => {
    const errors = `node_modules/@aws-sdk/client-${client}/dist-es/models/errors.js`;
    return readFileSync(errors, 'utf8')
      .split(/^export class /m)
      .slice(1);
  });
  const retryable = classes
    .filter((text) => text.includes('$retryable'))
    .map((text) => text.slice(0, text.indexOf(' ')));
  expect(retryable).toContain('ReplicatedWriteConflictException');
  const [logout] = result.outputFiles.filter(({ path }) => path.endsWith('/logout.js'));
  for (const name of retryable) expect(logout?.text).toContain(name);
  expect(logout?.text).not.toMatch(/BackupInUseException|AssociationAlreadyExists/);
});
