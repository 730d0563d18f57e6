import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling, entryPoint } from '../local/bundling.ts';

/** The functions with a route, and the authorizer: the names of their exports in the bundle. */
export type FunctionName = 'logout' | 'me' | 'sessions' | 'endSession' | 'authorizer';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Bundles the functions as `serverless package` does, but into one module: what runs is minified,
 * tree-shaken and without the same parts of the SDK as what is deployed.
 *
 * @returns the text of a CommonJS module, which exports each function's handler under its name
 */
export async function bundleFunctions(): Promise<string> {
  const { functions, options } = await bundling(ROOT);
  const lines = Object.entries(functions).map(
    ([name, each]) => `export { handler as ${name} } from './${entryPoint(each)}';`,
  );
  const { outputFiles } = await build({
    ...options,
    sourcemap: false,
    stdin: { contents: lines.join('\n'), resolveDir: ROOT },
    write: false,
    logLevel: 'warning',
  });
  const [file] = outputFiles;
  if (!file) throw new Error('The bundler made no file');
  return file.text;
}
