import { timeouts } from '../../lib/shared/timeouts.ts';
import {
  type FaultName,
  type FaultOptions,
  tlsFaultEndpoint,
  UNRESOLVABLE_ENDPOINT,
} from '../../support/fault-proxy.ts';
import type { KeyServerBehaviour } from './jwks-server.ts';

/** A fault of the matrix: what is broken, and what the contract asks for then. */
export interface MatrixFault {
  readonly name: string;
  /** `served`: the fault passes, and every answer is as without it. `failed`: it lasts. */
  readonly expected: 'served' | 'failed';
  /** Whether a write may reach the store although its answer does not come back. */
  readonly mayHaveEffect?: true;
  readonly store?: StoreFault;
  readonly keyServer?: KeyServerFault;
  /** What the log says of it, where nothing on the wire shows that the fault was met. */
  readonly cause?: RegExp;
  /** What is left of the function's time, in milliseconds; all of it by default. */
  readonly remainingMs?: number;
}

export type StoreFault =
  | { readonly wire: FaultName | 'refused'; readonly options?: FaultOptions }
  | { readonly endpoint: (proxy: string) => string };

/** What the server of the keys does; `delayMs` is a pause before the keys. */
export type KeyServerFault =
  | KeyServerBehaviour
  | 'down'
  | 'down after the keys were read'
  | 'no keys'
  | { readonly delayMs: number };

/** Time for two attempts of three, and for the early answer. */
const SHORT_MS = timeouts.earlyAnswerMs + 2 * timeouts.attemptMs;
const INSIDE_MS = timeouts.attemptMs - 300;
const OUTSIDE_MS = timeouts.attemptMs + 300;

const lasting = (wire: FaultName | 'refused', rest: Partial<MatrixFault> = {}): MatrixFault => ({
  name: wire,
  expected: 'failed',
  store: { wire },
  ...rest,
});

const passing = (
  wire: FaultName,
  times: number,
  { mayHaveEffect, ms }: { mayHaveEffect?: true; ms?: number } = {},
): MatrixFault => ({
  name: `${wire}, ${times === 1 ? 'once' : 'twice'}`,
  expected: 'served',
  ...(mayHaveEffect ? { mayHaveEffect } : {}),
  store: { wire, options: { times, ...(ms === undefined ? {} : { ms }) } },
});

const mayHaveEffect = true;

const storeFaults: readonly MatrixFault[] = [
  lasting('refused', { cause: /ECONNREFUSED/ }),
  {
    name: 'name does not resolve',
    expected: 'failed',
    store: { endpoint: () => UNRESOLVABLE_ENDPOINT },
    // A resolver may take longer to say so than a connection may.
    cause: /ENOTFOUND|EAI_AGAIN|did not establish a connection/,
  },
  {
    name: 'does not speak TLS',
    expected: 'failed',
    store: { endpoint: tlsFaultEndpoint },
    cause: /EPROTO|ssl3_get_record|SSL routines/,
  },
  passing('reset', 1),
  passing('reset', 2),
  lasting('reset'),
  passing('reset-after-effect', 1, { mayHaveEffect }),
  lasting('reset-after-effect', { mayHaveEffect }),
  passing('cut-off', 1, { mayHaveEffect }),
  lasting('cut-off', { mayHaveEffect }),
  passing('hang', 1),
  lasting('hang'),
  lasting('hang', {
    name: 'hang, little time left',
    remainingMs: SHORT_MS,
    cause: /^FunctionTimeoutError: /,
  }),
  lasting('hang-after-effect', { mayHaveEffect }),
  lasting('stall', { mayHaveEffect }),
  {
    name: 'slow, just inside the budget',
    expected: 'served',
    // On a machine that is as slow itself, an attempt may be given up and tried again.
    mayHaveEffect,
    store: { wire: 'slow', options: { ms: INSIDE_MS } },
  },
  { ...passing('slow', 1, { mayHaveEffect, ms: OUTSIDE_MS }), name: 'slow, just outside, once' },
  lasting('slow', {
    name: 'slow, just outside the budget',
    mayHaveEffect,
    store: { wire: 'slow', options: { ms: OUTSIDE_MS } },
  }),
  passing('throttle', 1),
  passing('throttle', 2),
  lasting('throttle'),
  passing('internal-error', 2),
  lasting('internal-error'),
  passing('internal-error-after-effect', 1, { mayHaveEffect }),
  lasting('internal-error-after-effect', { mayHaveEffect }),
  passing('unavailable', 2),
  lasting('unavailable'),
  lasting('access-denied'),
  lasting('missing-table'),
  lasting('html'),
  lasting('empty-answer'),
  lasting('truncated-json', { mayHaveEffect }),
  passing('unprocessed-keys', 1),
  passing('unprocessed-first-key', 1),
  passing('unprocessed-last-key', 1),
  lasting('unprocessed-keys'),
  lasting('unprocessed-first-key'),
  lasting('unprocessed-last-key'),
];

const keys = (
  name: string,
  keyServer: KeyServerFault,
  expected: MatrixFault['expected'] = 'failed',
): MatrixFault => ({
  name: `keys: ${name}`,
  expected,
  keyServer,
  cause: /^JwksUnavailableError: /,
});

const keyFaults: readonly MatrixFault[] = [
  keys('down', 'down'),
  keys('down after they were read', 'down after the keys were read', 'served'),
  keys('slow, inside the budget', { delayMs: timeouts.keySetMs - 700 }, 'served'),
  keys('slow, outside the budget', { delayMs: timeouts.keySetMs + 300 }),
  keys('hang', 'hang'),
  keys('stall', 'stall'),
  keys('reset', 'reset'),
  keys('5xx', { status: 503 }),
  keys('404', { status: 404 }),
  keys('redirect', 'redirect'),
  keys('HTML', 'html'),
  keys('empty answer', 'empty'),
  keys('no key set', 'no-key-set'),
  keys('a set without keys', 'no keys'),
  keys('too large', { padTo: 300_000 }),
  keys('endless', 'endless'),
];

export const matrixFaults: readonly MatrixFault[] = [...storeFaults, ...keyFaults];
