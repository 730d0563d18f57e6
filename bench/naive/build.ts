import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { PackagedFunction } from '../packaged.ts';

const NAIVE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(NAIVE, '../..');

/** How the same source is bundled without having measured anything. */
export type NaiveForm = 'plain' | 'CommonJS' | 'tree-shaken';

const FORMS = {
  /** ES modules, as the project is written in them, with the usual banner that gives packages a `require`. */
  plain: { format: 'esm' },
  /** esbuild's own default for Node. */
  CommonJS: { format: 'cjs' },
  /** With the one option that guides to smaller bundles advise. */
  'tree-shaken': { format: 'esm', mainFields: ['module', 'main'] },
} as const;

/**
 * Bundles a handler the naive way: what a team gets that follows the guides and measures nothing.
 *
 * - The same handlers and the same lib, but for the files in `bench/naive/lib`, which replace those of
 *   the same name: the SDK's clients as its guide makes them, with the default chain of credential
 *   providers, and SSM's loaded wherever the secret is.
 * - esbuild with `bundle`, `minify`, `platform: node` and `target`, as its own guide for Node has it; no
 *   `alias`, and no plugin but the one that puts those files in their places.
 */
export async function buildNaive(
  like: PackagedFunction,
  form: NaiveForm,
  directory: string,
): Promise<PackagedFunction> {
  return bundle(`naive-${form}`, like, like.handler, FORMS[form], directory);
}

/**
 * Bundles one of `bench/bare`: as small as options alone make it, so that it is hard to come near.
 *
 * @param like the function whose memory and variables it gets
 */
export async function buildBare(
  name: 'constant' | 'delete' | 'batch-get',
  like: PackagedFunction,
  directory: string,
): Promise<PackagedFunction> {
  const options = { format: 'cjs', mainFields: ['module', 'main'] } as const;
  return bundle(`bare-${name}`, like, `bench/bare/${name}.handler`, options, directory);
}

async function bundle(
  name: string,
  like: PackagedFunction,
  handler: string,
  options: { readonly format: 'esm' | 'cjs'; readonly mainFields?: readonly string[] },
  directory: string,
): Promise<PackagedFunction> {
  const { format, mainFields } = options;
  const path = handler.slice(0, handler.lastIndexOf('.'));
  const taskRoot = join(directory, `${name}-${like.name}`);
  await build({
    entryPoints: [join(ROOT, `${path}.ts`)],
    outfile: join(taskRoot, `${path}.${format === 'esm' ? 'mjs' : 'cjs'}`),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format,
    ...(mainFields ? { mainFields: [...mainFields] } : {}),
    banner: format === 'esm' ? { js: BANNER } : {},
    plugins: [plainLib],
    logLevel: 'error',
  });
  return { ...like, name, handler, taskRoot };
}

const BANNER =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Replaces files of lib/ by those at the same path in bench/naive/lib/. */
const plainLib: Plugin = {
  name: 'plain-lib',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/.*\.ts$/ }, ({ path, resolveDir, importer }) => {
      const inLib = relative(join(ROOT, 'lib'), join(resolveDir, path));
      const plain = join(NAIVE, 'lib', inLib);
      const fromPlain = importer.startsWith(join(NAIVE, 'lib'));
      return !inLib.startsWith('..') && existsSync(plain) && !fromPlain
        ? { path: plain }
        : undefined;
    });
  },
};
