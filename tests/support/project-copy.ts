import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LEFT_OUT = ['node_modules', '.git', '.serverless', '.esbuild', '.local', 'coverage', 'tests'];

/**
 * Calls back with the folder of a copy of the project, for commands that would write into its own; the
 * copy is removed afterwards. Its packages are those of the project.
 */
export async function withProjectCopy<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'project-'));
  try {
    const folder = join(directory, 'true-logout');
    cpSync(ROOT, folder, {
      recursive: true,
      filter: (path) => path === ROOT || !LEFT_OUT.includes(basename(path)),
    });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    return await use(folder);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
