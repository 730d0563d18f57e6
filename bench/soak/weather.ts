import type { FaultName } from '../../support/fault-proxy.ts';
import type { Random } from './random.ts';
import type { Stack } from './stack.ts';

/** Something that happens to the service while it is being used. */
export interface Event {
  readonly name: string;
  begin(stack: Stack): Promise<void>;
  /** For how many requests it lasts, before `end`; 0 for what is over at once. */
  readonly requests: number;
}

/** Requests between the beginnings of two events, at the least. */
const LEAST_PAUSE = 60;
/** Events of a run, where there are requests enough for them. */
const EVENTS = 120;
/** Requests that an event lasts for. */
const LASTS = 24;

const restart = (fn: 'logout' | 'me'): Event => ({
  name: `process of ${fn} killed`,
  begin: (stack) => stack.restart(fn),
  requests: 0,
});

const fault = (name: FaultName, times: number): Event => ({
  name: `${name}, ${times} times`,
  begin: ({ wire }) => wire.fault(name, { times }),
  requests: 0,
});

const events: readonly Event[] = [
  restart('logout'),
  restart('me'),
  { name: 'proxy down', begin: ({ wire }) => wire.fault('refused'), requests: LASTS },
  {
    name: 'proxy restarted',
    begin: async ({ wire }) => {
      await wire.fault('refused');
      await wire.clear();
    },
    requests: 0,
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
    begin: ({ wire }) => wire.fault('reset-after-effect'),
    requests: LASTS,
  },
];

/** What happens, and before which request. */
export interface Scheduled {
  readonly at: number;
  readonly name: string;
  run(stack: Stack): Promise<void>;
}

/** Plans what happens during a run: every event in turn, in an order of chance. */
export function forecast(requests: number, { below }: Random): readonly Scheduled[] {
  const pause = Math.max(LEAST_PAUSE, Math.floor(requests / EVENTS));
  const order = events.toSorted(() => below(3) - 1);
  const plan: Scheduled[] = [];
  for (let at = pause, turn = 0; at + LASTS < requests; at += pause, turn += 1) {
    const event = order[turn % order.length];
    if (!event) break;
    plan.push({
      at,
      name: event.name,
      // The wire also forgets the requests that it has seen, which would fill the memory.
      run: async (stack) => {
        await stack.wire.clear();
        await event.begin(stack);
      },
    });
    if (event.requests > 0)
      plan.push({ at: at + event.requests, name: '', run: ({ wire }) => wire.clear() });
  }
  return plan;
}
