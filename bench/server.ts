import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { nextEvent } from '../support/processes.ts';

/** A server of the loopback interface, in a process of its own. */
export interface Server {
  /** With its version, for example `Express 5.1.0`. */
  readonly name: string;
  readonly process: ChildProcess;
  /** For example `http://127.0.0.1:4321`. */
  readonly origin: string;
}

/** Starts a server, which sends its name and port over the channel of node:child_process. */
export async function startServer(
  command: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = spawn(command, args, {
    env: { ...process.env, NODE_ENV: 'production', ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // The log, a JSON object a line, goes nowhere; anything else is worth reading.
  if (child.stderr)
    createInterface(child.stderr).on('line', (line) => {
      if (!line.startsWith('{')) process.stderr.write(`${line}\n`);
    });
  const { name, port } = await nextEvent<{ name: string; port: number }>(child, 'message');
  return { name, process: child, origin: `http://127.0.0.1:${port}` };
}
