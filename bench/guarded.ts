import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { PackagedFunction } from './packaged.ts';

const EXAMPLE = fileURLToPath(new URL('../examples/middy-api', import.meta.url));

/**
 * Bundles the API of examples/middy-api, which checks sessions by the middleware, with the options of its
 * serverless.yml: as a team would, without what infra/bundle leaves out of the deployment's functions.
 *
 * @param like the function whose memory and variables it gets
 */
export async function buildGuarded(
  like: PackagedFunction,
  directory: string,
): Promise<PackagedFunction> {
  const taskRoot = join(directory, 'guarded');
  await build({
    entryPoints: [join(EXAMPLE, 'handlers/notes.ts')],
    outfile: join(taskRoot, 'handlers/notes.cjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    format: 'cjs',
    logLevel: 'error',
  });
  return { ...like, name: 'guarded API', handler: 'handlers/notes.handler', taskRoot };
}
