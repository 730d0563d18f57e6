import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { jest } from '@jest/globals';
import { type Command, exitCodeOf } from '../../support/command-line.ts';
import { collectOutput } from '../../support/offline-service.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
}

type Variables = Readonly<Record<string, string>>;

/** Runs a program of the project to its end, as a user would in a shell. */
export async function runCommand(
  program: string,
  args: readonly string[],
  environment: Variables = {},
  input = '',
): Promise<CommandResult> {
  const child = spawn(program, args, { env: { ...process.env, ...environment } });
  const output = collectOutput(child);
  child.stdin.on('error', () => {}); // a program may end before it has read all
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, output: output.text() };
}

/**
 * Runs a command of local/ in this process, which is ten times as fast as in one of its own. The variables of this
 * process are afterwards as before.
 */
export async function callCommand(
  command: Command,
  args: readonly string[],
  environment: Variables = {},
  { input = '', usageExitCode = 1 } = {},
): Promise<CommandResult> {
  const [variables, stdin] = [process.env, Object.getOwnPropertyDescriptor(process, 'stdin')];
  let output = '';
  const print = (text: string | Uint8Array) => {
    output += text;
    return true;
  };
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation(print),
  );
  process.env = { ...variables, ...environment };
  Object.defineProperty(process, 'stdin', {
    configurable: true,
    value: Readable.from([Buffer.from(input)]),
  });
  try {
    return { code: await exitCodeOf(command, args, usageExitCode), output };
  } finally {
    process.env = variables;
    if (stdin) Object.defineProperty(process, 'stdin', stdin);
    for (const spy of spies) spy.mockRestore();
  }
}
