import { execFile } from 'node:child_process';
import { cpSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LEFT_OUT = ['node_modules', '.git', '.serverless', '.esbuild', '.local', 'coverage', 'tests'];

/**
 * Runs `serverless package` in a copy of the project.
 *
 * @param copy folder to make the copy in
 * @param output folder for the template and the zip files
 * @param parameters of the deployment
 */
export async function packageCopy(
  copy: string,
  output: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<void> {
  cpSync(ROOT, copy, {
    recursive: true,
    filter: (path) => path === ROOT || !LEFT_OUT.includes(basename(path)),
  });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  await promisify(execFile)(
    process.execPath,
    [
      ...[join(ROOT, 'node_modules/.bin/serverless'), 'package', '--package', output],
      ...Object.entries(parameters).flatMap(([name, value]) => ['--param', `${name}=${value}`]),
    ],
    { cwd: copy },
  );
}
