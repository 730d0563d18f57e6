import { type ChildProcess, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Clock ticks a second of the times in /proc. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * CPU that a process has used since it began, all its threads, user and system, in milliseconds; from
 * the operating system's accounting (proc_pid_stat(5), fields 14 and 15), in steps of 10 ms.
 */
export function cpuMs(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  // The command's name is in parentheses and may hold spaces; fields are counted after it.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (((user ?? Number.NaN) + (system ?? Number.NaN)) / TICKS_PER_SECOND) * 1_000;
}

/** CPU that all processes of the machine have used since it began, in milliseconds. */
export function machineCpuMs(): number {
  return cpus().reduce(
    (sum, { times }) => sum + times.user + times.nice + times.sys + times.irq,
    0,
  );
}
