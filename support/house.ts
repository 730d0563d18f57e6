import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { replacements } from '../infra/bundle/plugins.ts';
import { bundling } from './bundling.ts';
import { runCommand } from './command-line.ts';

/** One measured number of the repository and its limit. */
interface Measure {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
}

/** `npm run house`: measures the repository's layout and size against limits; exit 1 above one. */
async function house(): Promise<number> {
  const measures: readonly Measure[] = [
    { name: "files in lib's root", value: files('lib').filter(isInRoot).length, limit: 0 },
    { name: 'import floors of lib', value: floors(), limit: 7 },
    {
      name: 'product: handlers, lib, infra, serverless.yml, stages.yml',
      value: lines('handlers', 'lib', 'infra', 'serverless.yml', 'stages.yml'),
      // 4,300; 400 for keys that turn, clocks that drift and refreshes that race; 700 for any issuer's
      // tokens; 250 for sessions that age; 600 for settings that are checked before they are deployed, and
      // faults that say what failed; 650 for ends from outside; 400 for introspection and revocation; 200 for
      // the middleware and the package.
      limit: 7_500,
    },
    { name: 'serverless.yml', value: lines('serverless.yml'), limit: 180 },
    // 2,600; 240 for the command explain and the console of adopted sessions; 260 for stages and regions, the
    // command env, and a local gateway that answers as API Gateway does; 330 for the commands admin and client
    // and for the console of sessions that age.
    { name: 'local', value: lines('local'), limit: 3_430 },
    // 3,200; 250 for the rows of adopted sessions, ageing, back-channel logout, OAuth clients and the middleware.
    { name: 'bench', value: lines('bench'), limit: 3_450 },
    // 13,500 for a product of 4,300: as many for each line of the product since.
    { name: 'tests', value: lines('tests'), limit: 22_900 },
    { name: 'vague pronouns in 100 words of comments', value: vaguePronouns(), limit: 4 },
    { name: 'bytes of the bundle of logout', value: await bundleBytes(), limit: 230_000 },
    { name: 'modules replaced in bundles', value: Object.keys(replacements).length, limit: 7 },
  ];
  for (const { name, value, limit } of measures)
    process.stdout.write(
      `${value > limit ? 'OVER ' : '     '}${name}: ${value} (at most ${limit})\n`,
    );
  return measures.some(({ value, limit }) => value > limit) ? 1 : 0;
}

function files(...folders: readonly string[]): readonly string[] {
  const listed = execFileSync('git', ['ls-files', ...folders], { encoding: 'utf8' }).trim();
  return listed
    .split('\n')
    .filter((file) => !/bench\/results|package-lock\.json|\.png$/.test(file));
}

function isInRoot(file: string): boolean {
  return file.split('/').length === 2;
}

function lines(...folders: readonly string[]): number {
  return files(...folders).reduce((sum, file) => sum + read(file).split('\n').length - 1, 0);
}

function read(file: string): string {
  return readFileSync(file, 'utf8');
}

/** The longest chain of wings that import each other. */
function floors(): number {
  const imports = new Map<string, Set<string>>();
  for (const file of files('lib')) {
    const wing = file.split('/')[1] ?? '';
    const others = [...read(file).matchAll(/from '\.\.\/(\w+)\//g)].map(([, other = '']) => other);
    imports.set(wing, new Set([...(imports.get(wing) ?? []), ...others]));
  }
  const depth = (wing: string): number =>
    1 + Math.max(0, ...[...(imports.get(wing) ?? [])].map(depth));
  return Math.max(...[...imports.keys()].map(depth));
}

async function bundleBytes(): Promise<number> {
  const { options } = await bundling('.');
  const { outputFiles = [] } = await build({
    ...options,
    entryPoints: ['handlers/logout.ts'],
    sourcemap: false,
    write: false,
  });
  return outputFiles.reduce((sum, { contents }) => sum + contents.byteLength, 0);
}

/** Words without a noun, per 100 words of the comments in handlers and lib. */
function vaguePronouns(): number {
  const comments = files('handlers', 'lib')
    .flatMap((file) => [...read(file).matchAll(/\/\*\*(.*?)\*\/|^\s*\/\/ ?([^\n]*)$/gms)])
    .map(([, block, line]) => (block ?? line ?? '').replaceAll(/^\s*\* ?|@\w+.*/gm, ''));
  const words =
    comments
      .join(' ')
      .toLowerCase()
      .match(/\b[\w'’-]+\b/g) ?? [];
  const vague = words.filter((word) =>
    /^(it|its|one|that|which|what|whoever|whatever|those|they|them)$/.test(word),
  );
  return Math.round((1_000 * vague.length) / words.length) / 10;
}

await runCommand(house);
