import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { parse } from 'yaml';

/** The functions with a route, and the authorizer: the names of their exports in the bundle. */
export type FunctionName = 'logout' | 'me' | 'sessions' | 'endSession' | 'authorizer';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Bundles the functions with the very options that `serverless.yml` gives its bundler, into one module:
 * what runs is minified and tree-shaken like what is deployed.
 *
 * @returns the text of a CommonJS module, which exports each function's handler under its name
 */
export async function bundleFunctions(): Promise<string> {
  // CloudFormation's own tags (!Ref, !Sub) are of no interest here.
  const service = parse(readFileSync(`${ROOT}/serverless.yml`, 'utf8'), {
    logLevel: 'silent',
    merge: true,
  });
  const { bundle, minify, platform, target, mainFields, conditions, format }: BuildOptions =
    service.custom.esbuild;
  const functions: Readonly<Record<string, { readonly handler: string }>> = service.functions;
  const lines = Object.entries(functions).map(
    ([name, { handler }]) =>
      `export { handler as ${name} } from './${handler.replace(/\.handler$/, '.ts')}';`,
  );
  const { outputFiles } = await build({
    ...{ bundle, minify, platform, target, mainFields, conditions, format },
    stdin: { contents: lines.join('\n'), resolveDir: ROOT },
    write: false,
    logLevel: 'warning',
  } as BuildOptions & { write: false });
  const [file] = outputFiles;
  if (!file) throw new Error('The bundler made no file');
  return file.text;
}
