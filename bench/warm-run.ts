import { fork } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextEvent } from '../support/processes.ts';
import type { CpuShare } from './cpu-share.ts';
import type { PackagedFunction } from './packaged.ts';
import { lambdaFlags } from './runtime-api.ts';

/** What calls of a warm function cost, by call, and how often each status was answered. */
export interface WarmRun {
  /** CPU time of the process, all threads, user and system. */
  readonly cpuUs: number;
  readonly wallUs: number;
  /** Mean of the times of each call, rounded up to whole milliseconds. */
  readonly billedMs: number;
  readonly statuses: Readonly<Record<string, number>>;
}

interface WarmRunWithLog extends WarmRun {
  /** Bytes of log that a call has written. */
  readonly logBytes: number;
}

export interface WarmCalls {
  /** Events before those that count, as V8 has to have compiled what is hot. */
  readonly warmUp: readonly unknown[];
  readonly measured: readonly unknown[];
}

/**
 * Starts a function in a process of its own, and calls it with one event after the other.
 *
 * @param cpuShare how much of a processor it gets; all that there is without one
 */
export async function runWarm(
  fn: PackagedFunction,
  variables: Readonly<Record<string, string>>,
  calls: WarmCalls,
  cpuShare?: CpuShare,
): Promise<WarmRunWithLog> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-warm-'));
  const events = join(directory, 'events.json');
  writeFileSync(events, JSON.stringify(calls));
  // Log lines are written, as they are part of the work, but to a file: what a pipe costs its writer
  // depends on how busy its reader is, and here that would be the benchmark.
  const log = openSync(join(directory, 'log'), 'w');
  const [path = '', handler = ''] = fn.handler.split('.');
  const child = fork(
    new URL('./warm-process.mjs', import.meta.url),
    [modulePath(fn.taskRoot, path), handler, events],
    {
      cwd: fn.taskRoot,
      execArgv: lambdaFlags(fn.memoryMb),
      env: { PATH: process.env.PATH, ...fn.variables, ...variables },
      stdio: ['ignore', log, 'inherit', 'ipc'],
    },
  );
  cpuShare?.hold(child.pid ?? 0);
  try {
    const exit = once(child, 'exit');
    const run = await nextEvent<WarmRun>(child, 'message');
    await exit;
    const count = calls.warmUp.length + calls.measured.length;
    return { ...run, logBytes: fstatSync(log).size / count };
  } finally {
    closeSync(log);
    rmSync(directory, { recursive: true });
  }
}

function modulePath(taskRoot: string, path: string): string {
  const found = ['.js', '.mjs', '.cjs']
    .map((extension) => join(taskRoot, path + extension))
    .find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`The package has no module ${path}`);
  return found;
}
