import type { FaultName } from '../../support/fault-proxy.ts';
import type { Stack } from './stack.ts';

/** A fault of the service's surroundings. */
interface Fault {
  readonly name: string;
  inject(stack: Stack): Promise<void>;
}

/** Requests between the beginnings of two faults, at the least. */
const LEAST_PAUSE = 60;
/** Faults of a run with enough requests. */
const FAULT_COUNT = 120;
/** Requests after the beginning of a fault until the proxy is sound again. */
const LASTS = 24;

const restart = (fn: 'logout' | 'me'): Fault => ({
  name: `process of ${fn} killed`,
  inject: (stack) => stack.restart(fn),
});

/** @param times calls of the store that meet the fault */
const fault = (name: FaultName, times: number): Fault => ({
  name,
  inject: ({ proxy }) => proxy.fault(name, { times }),
});

const FAULTS: readonly Fault[] = [
  restart('logout'),
  restart('me'),
  { name: 'proxy down', inject: ({ proxy }) => proxy.fault('refused') },
  {
    name: 'proxy restarted',
    inject: async ({ proxy }) => {
      await proxy.fault('refused');
      await proxy.clear();
    },
  },
  fault('reset', 8),
  fault('reset-after-effect', 40),
  fault('cut-off', 8),
  fault('throttle', 12),
  fault('internal-error-after-effect', 8),
  fault('unavailable', 12),
  fault('hang-after-effect', 2),
  fault('unprocessed-keys', 6),
];

/**
 * Plans the faults of a run: each in turn, in a random order.
 *
 * @returns faults, and clearings of the proxy, by the number of the request that they come before
 */
export function faultSchedule(requests: number): ReadonlyMap<number, Fault> {
  const pause = Math.max(LEAST_PAUSE, Math.floor(requests / FAULT_COUNT));
  const order = FAULTS.toSorted(() => Math.random() - 0.5);
  const schedule = new Map<number, Fault>();
  for (let at = pause, turn = 0; at + LASTS < requests; at += pause, turn += 1) {
    const next = order[turn % order.length];
    if (next) schedule.set(at, next);
    schedule.set(at + LASTS, { name: 'proxy cleared', inject: ({ proxy }) => proxy.clear() });
  }
  return schedule;
}
