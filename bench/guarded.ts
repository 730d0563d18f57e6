import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from '../support/bundling.ts';
import type { PackagedFunction } from './packaged.ts';

const EXAMPLE = fileURLToPath(new URL('../examples/middy-api', import.meta.url));

/**
 * Bundles the API of examples/middy-api, which checks sessions by the middleware, as its own service file
 * says: without what infra/bundle leaves out of the deployment's functions.
 *
 * @param like the function whose memory and variables it gets
 */
export async function buildGuarded(
  like: PackagedFunction,
  directory: string,
): Promise<PackagedFunction> {
  const { options } = await bundling(EXAMPLE);
  const taskRoot = join(directory, 'guarded');
  await build({
    ...options,
    absWorkingDir: EXAMPLE,
    entryPoints: ['handlers/notes.ts'],
    outfile: join(taskRoot, 'handlers/notes.cjs'),
    logLevel: 'error',
  });
  return { ...like, name: 'guarded API', handler: 'handlers/notes.handler', taskRoot };
}
