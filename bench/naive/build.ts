import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { PackagedFunction } from '../packaged.ts';

const NAIVE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(NAIVE, '../..');

/**
 * Bundles a handler the plain way: what a team gets that follows the guides and measures nothing.
 *
 * - The same handlers and the same lib, but for the files in `bench/naive/lib`, which replace those of
 *   the same name: the SDK's client as its guide makes it, with the default chain of credential
 *   providers, and SSM's client loaded whether the secret is there or not.
 * - esbuild with `bundle`, `minify`, `platform: node` and `target`, as in its own guide for Node; no
 *   `mainFields`, `conditions` or `alias`. A source map, because the project ships one as well.
 * - `esm` with the usual banner that gives CommonJS packages a `require`, because the project is written
 *   in ES modules; or `cjs`, esbuild's own default for Node, which the tables also show.
 * - The same variables as the project's own function, and the same memory.
 */
export async function buildNaive(
  like: PackagedFunction,
  format: 'esm' | 'cjs',
  directory: string,
): Promise<PackagedFunction> {
  const [path = '', name] = like.handler.split('.');
  const taskRoot = join(directory, `naive-${format}-${like.name}`);
  await build({
    entryPoints: [join(ROOT, `${path}.ts`)],
    outfile: join(taskRoot, `${path}.${format === 'esm' ? 'mjs' : 'cjs'}`),
    bundle: true,
    minify: true,
    sourcemap: 'linked',
    platform: 'node',
    target: 'node24',
    format,
    banner: format === 'esm' ? { js: BANNER } : {},
    plugins: [plainLib],
    logLevel: 'error',
  });
  return { ...like, name: `naive-${format}-${like.name}`, handler: `${path}.${name}`, taskRoot };
}

const BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Replaces files of lib/ by those of the same name in bench/naive/lib/. */
const plainLib: Plugin = {
  name: 'plain-lib',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir, importer }) => {
      const plain = join(NAIVE, 'lib', basename(path));
      const meant = join(resolveDir, path);
      const fromPlain = dirname(importer) === join(NAIVE, 'lib');
      return dirname(meant) === join(ROOT, 'lib') && existsSync(plain) && !fromPlain
        ? { path: plain }
        : undefined;
    });
  },
};
