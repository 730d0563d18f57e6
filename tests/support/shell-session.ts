import { runCommand } from './commands.ts';

/** What one of several commands has done. */
export interface ShellResult {
  readonly command: string;
  readonly code: number;
  readonly output: string;
  /** Of the last HTTP response in the output, as `curl -i` prints it. */
  readonly status: number | undefined;
}

const MARK = '@@@ true-logout';

/**
 * Runs commands one after the other in one shell, as somebody who pastes them does, so that a later one has
 * the variables of an earlier one. A command that fails does not keep the others from running.
 */
export async function runInOneShell(
  commands: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<readonly ShellResult[]> {
  const script = commands.map((command) => `${command}\nprintf '\\n${MARK} %d\\n' $?\n`).join('');
  const { output } = await runCommand('bash', ['-c', script], environment);
  const parts = [...output.matchAll(new RegExp(`([\\s\\S]*?)\\n${MARK} (\\d+)\\n`, 'g'))];
  return commands.map((command, index) => {
    const [, text = '', code = NaN] = parts[index] ?? [];
    // Anywhere in a line: curl's progress goes to standard error, and may come in between.
    const status = [...text.matchAll(/HTTP\/[\d.]+ (\d{3})/g)].at(-1)?.[1];
    return {
      command,
      code: Number(code),
      output: text,
      status: status === undefined ? undefined : Number(status),
    };
  });
}
