import type { FaultName } from '../../support/fault-proxy.ts';
import type { Stack } from './stack.ts';

/** A source of numbers that gives the same numbers for the same seed. */
export interface Random {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  pick<Value>(values: readonly Value[]): Value;
}

/** A linear congruential generator, with Knuth's constants for 32 bits. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  return {
    below,
    pick: (values) => {
      const value = values[below(values.length)];
      if (value === undefined) throw new RangeError('Nothing to pick from');
      return value;
    },
  };
}

/** A fault of the service's surroundings. */
interface Fault {
  readonly name: string;
  inject(stack: Stack): Promise<void>;
  /** Whether the fault has to be cleared. */
  readonly lasts?: boolean;
}

/** Requests between the beginnings of two faults, at the least. */
const LEAST_PAUSE = 60;
/** Faults of a run with enough requests. */
const FAULT_COUNT = 120;
/** Requests that a lasting fault lasts for. */
const LASTS = 24;

const restart = (fn: 'logout' | 'me'): Fault => ({
  name: `process of ${fn} killed`,
  inject: (stack) => stack.restart(fn),
});

const fault = (name: FaultName, times: number): Fault => ({
  name: `${name}, ${times} times`,
  inject: ({ proxy }) => proxy.fault(name, { times }),
});

const FAULTS: readonly Fault[] = [
  restart('logout'),
  restart('me'),
  { name: 'proxy down', inject: ({ proxy }) => proxy.fault('refused'), lasts: true },
  {
    name: 'proxy restarted',
    inject: async ({ proxy }) => {
      await proxy.fault('refused');
      await proxy.clear();
    },
  },
  fault('reset', 8),
  fault('reset-after-effect', 8),
  fault('cut-off', 8),
  fault('throttle', 12),
  fault('internal-error-after-effect', 8),
  fault('unavailable', 12),
  fault('hang-after-effect', 2),
  fault('unprocessed-keys', 6),
  {
    name: 'reset-after-effect, for a while',
    inject: ({ proxy }) => proxy.fault('reset-after-effect'),
    lasts: true,
  },
];

/**
 * Plans the faults of a run: each in turn, in a random order.
 *
 * @returns faults by the number of the request that they come before
 */
export function faultSchedule(
  requests: number,
  { below }: Random,
): ReadonlyMap<number, Pick<Fault, 'name' | 'inject'>> {
  const pause = Math.max(LEAST_PAUSE, Math.floor(requests / FAULT_COUNT));
  const order = FAULTS.toSorted(() => below(3) - 1);
  const schedule = new Map<number, Pick<Fault, 'name' | 'inject'>>();
  for (let at = pause, turn = 0; at + LASTS < requests; at += pause, turn += 1) {
    const next = order[turn % order.length];
    if (!next) break;
    // Clearing also forgets the requests that the proxy has seen, which would fill the memory.
    const inject = async (stack: Stack) => {
      await stack.proxy.clear();
      await next.inject(stack);
    };
    schedule.set(at, { name: next.name, inject });
    if (next.lasts)
      schedule.set(at + LASTS, { name: 'cleared', inject: ({ proxy }) => proxy.clear() });
  }
  return schedule;
}
