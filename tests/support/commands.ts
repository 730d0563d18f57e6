import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { collectOutput } from '../../support/offline-service.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program of the project to its end, as a user would in a shell. */
export async function runCommand(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<CommandResult> {
  const child = spawn(program, args, { env: { ...process.env, ...environment } });
  const output = collectOutput(child);
  child.stdin.on('error', () => {}); // a program may end before it has read all
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, output: output.text() };
}
