import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ONE_CPU_MB } from '../support/prices.ts';

/** A share of one processor, as Lambda gives it with the memory of a function. */
export interface CpuShare extends Disposable {
  /** Puts a process under it, with all its threads. It has to be gone before the share is disposed of. */
  hold(pid: number): void;
}

/** In how long a process gets its share once. Lambda's own is not documented; the kernel's default is 100 ms. */
const PERIOD_US = 20_000;

/**
 * Makes the share that a function of this memory has, with the kernel's control groups (version 1 or 2).
 *
 * @throws Error without root, or where the container locks its control groups
 */
export function cpuShareOf(memoryMb: number): CpuShare {
  const root = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup'].find(existsSync) ?? '';
  const group = join(root, `bench-${process.pid}-${memoryMb}`);
  const quotaUs = Math.round((PERIOD_US * memoryMb) / ONE_CPU_MB);
  mkdirSync(group);
  try {
    if (existsSync(join(group, 'cpu.max')))
      writeFileSync(join(group, 'cpu.max'), `${quotaUs} ${PERIOD_US}`);
    else {
      writeFileSync(join(group, 'cpu.cfs_period_us'), `${PERIOD_US}`, { flag: 'r+' });
      writeFileSync(join(group, 'cpu.cfs_quota_us'), `${quotaUs}`, { flag: 'r+' });
    }
  } catch (error) {
    rmdirSync(group);
    throw error;
  }
  return {
    hold: (pid) => writeFileSync(join(group, 'cgroup.procs'), `${pid}`, { flag: 'r+' }),
    [Symbol.dispose]: () => rmdirSync(group),
  };
}
