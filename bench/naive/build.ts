import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { PackagedFunction } from '../packaged.ts';

const NAIVE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(NAIVE, '../..');

interface BundleForm {
  readonly format: 'esm' | 'cjs';
  readonly mainFields?: string[];
}

const SMALL = ['module', 'main'];

const FORMS = {
  /** ES modules, as the project is written in them, with the usual banner that gives packages a `require`. */
  plain: { format: 'esm' },
  /** esbuild's own default for Node. */
  CommonJS: { format: 'cjs' },
  /** With the one option that guides to smaller bundles advise. */
  'tree-shaken': { format: 'esm', mainFields: SMALL },
} as const satisfies Record<string, BundleForm>;

/** How the same source is bundled without having measured anything. */
export type NaiveForm = keyof typeof FORMS;

const BARE = {
  constant: 'bare handler',
  delete: 'bare DeleteCommand',
  'batch-get': 'bare BatchGetCommand',
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
  return bundle({ ...like, name: `naive bundle, ${form}` }, FORMS[form], directory);
}

/**
 * Bundles one of `bench/bare`: as small as options alone make it, so that it is hard to come near.
 *
 * @param like the function whose memory and variables it gets
 */
export async function buildBare(
  file: keyof typeof BARE,
  like: PackagedFunction,
  directory: string,
): Promise<PackagedFunction> {
  const fn = { ...like, name: BARE[file], handler: `bench/bare/${file}.handler` };
  return bundle(fn, { format: 'cjs', mainFields: SMALL }, directory);
}

async function bundle(
  fn: PackagedFunction,
  form: BundleForm,
  directory: string,
): Promise<PackagedFunction> {
  const path = fn.handler.slice(0, fn.handler.lastIndexOf('.'));
  const taskRoot = join(directory, fn.name);
  await build({
    ...form,
    entryPoints: [join(ROOT, `${path}.ts`)],
    outfile: join(taskRoot, `${path}.${form.format === 'esm' ? 'mjs' : 'cjs'}`),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    banner: form.format === 'esm' ? { js: BANNER } : {},
    plugins: [plainLib],
    logLevel: 'error',
  });
  return { ...fn, taskRoot };
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
