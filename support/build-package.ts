/**
 * npm run build                the package in dist/; `npm pack ./dist` makes the tarball
 * npm run build -- FOLDER      in another, empty or absent folder
 *
 * ES modules by tsc, file for file. CommonJS by esbuild, a file for each entry with jose inside, as jose
 * has no CommonJS of its own.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { runCommand } from './command-line.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** Sources by entry: `./issue` is `./lib/login/issue.ts`. */
const entries = Object.entries<string>(manifest.exports);

/** What the code of an entry imports, beside the peers. */
const DEPENDENCIES = [
  '@aws-lambda-powertools/logger',
  '@aws-lambda-powertools/metrics',
  '@smithy/core',
  'jose',
];
/** What users of an entry have already; all but the two that every entry needs are optional. */
const PEERS = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb'];
const OPTIONAL_PEERS = ['@aws-sdk/client-ssm', '@middy/core'];
/** Middy 6 is the last for Node 20. */
const RANGES: Readonly<Record<string, string>> = { '@middy/core': '^6.4.5 || ^7.9.2' };

async function buildPackage(): Promise<void> {
  const out = resolve(process.argv[2] ?? join(ROOT, 'dist'));
  if (!process.argv[2]) rmSync(out, { recursive: true, force: true });
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  execFileSync(tsc, ['-p', 'tsconfig.build.json', '--outDir', out], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  const external = DEPENDENCIES.filter((name) => name !== 'jose');
  await build({
    absWorkingDir: ROOT,
    entryPoints: entries.map(([, source]) => source),
    outbase: 'lib',
    outdir: join(out, 'cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    sourcemap: true,
    external: [...external, ...PEERS, ...OPTIONAL_PEERS].flatMap((name) => [name, `${name}/*`]),
  });
  for (const file of globSync('**/*.d.ts', { cwd: out, exclude: ['cjs/**'] })) {
    // tsc leaves the paths of declarations as in the source.
    const text = readFileSync(join(out, file), 'utf8').replaceAll(
      /(from '\.[^']*)\.ts'/g,
      "$1.js'",
    );
    writeFileSync(join(out, file), text);
    mkdirSync(dirname(join(out, 'cjs', file)), { recursive: true });
    writeFileSync(join(out, 'cjs', file), text);
  }
  writeJson(join(out, 'cjs/package.json'), { type: 'commonjs' });
  writeJson(join(out, 'package.json'), packageOf());
  copyFileSync(join(ROOT, 'node_modules/jose/LICENSE.md'), join(out, 'cjs/LICENSE-jose.md'));
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE'])
    copyFileSync(join(ROOT, file), join(out, file));
}

/** The package.json of the package: no scripts, and nothing that only the project needs. */
function packageOf(): object {
  const { name, version, description, license, type, sideEffects, engines } = manifest;
  const versions = (names: readonly string[]) =>
    Object.fromEntries(
      names.map((each) => [each, RANGES[each] ?? `^${manifest.dependencies[each]}`]),
    );
  return {
    ...{ name, version, description, license, type, sideEffects, engines },
    exports: Object.fromEntries(
      entries.map(([entry, source]) => {
        const path = source.replace(/^\.\/lib\/(.*)\.ts$/, '$1');
        const files = (folder: string) => ({
          types: `${folder}/${path}.d.ts`,
          default: `${folder}/${path}.js`,
        });
        return [entry, { import: files('.'), require: files('./cjs') }];
      }),
    ),
    dependencies: versions(DEPENDENCIES),
    peerDependencies: versions([...PEERS, ...OPTIONAL_PEERS]),
    peerDependenciesMeta: Object.fromEntries(
      OPTIONAL_PEERS.map((each) => [each, { optional: true }]),
    ),
  };
}

function writeJson(file: string, content: object): void {
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

await runCommand(buildPackage);
