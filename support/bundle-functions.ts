import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { functionTable } from '../infra/functions.ts';
import { stack } from '../infra/stack.ts';
import { bundling, entryPoint } from './bundling.ts';

/** Names of functions' exports in the bundle. */
export type FunctionName =
  | 'logout'
  | 'me'
  | 'listSessions'
  | 'deleteSession'
  | 'authorizer'
  | 'backchannelLogout'
  | 'admin'
  | 'introspect'
  | 'revoke';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A source file of the functions, from the root, and a text to bundle behind its own. */
export interface Appended {
  readonly file: string;
  readonly text: string;
}

/**
 * Bundles the functions as `serverless package` does, but into one module: what runs is minified,
 * tree-shaken and without the same parts of the SDK as what is deployed.
 *
 * @returns the text of a CommonJS module, which exports each function's handler under its name
 */
export async function bundleFunctions(appended?: Appended): Promise<string> {
  const { options } = await bundling(ROOT);
  // All functions, whatever switches them on.
  const switches = Object.values(functionTable).map(({ when = '' }) => [when, 'on'] as const);
  const { functions } = stack(Object.fromEntries(switches));
  const lines = Object.entries(functions).map(
    ([name, each]) => `export { handler as ${name} } from './${entryPoint(each)}';`,
  );
  const { outputFiles } = await build({
    ...options,
    plugins: [...(appended ? [append(appended)] : []), ...(options.plugins ?? [])],
    sourcemap: false,
    stdin: { contents: lines.join('\n'), resolveDir: ROOT },
    write: false,
    logLevel: 'warning',
  });
  const [file] = outputFiles;
  if (!file) throw new Error('The bundler made no file');
  return file.text;
}

function append({ file, text }: Appended): Plugin {
  const path = join(ROOT, file);
  return {
    name: 'append',
    setup: ({ onLoad }) => {
      onLoad({ filter: /\.ts$/ }, (module) =>
        module.path === path
          ? { contents: `${readFileSync(path, 'utf8')}\n${text}`, loader: 'ts' }
          : undefined,
      );
    },
  };
}
