import { timeouts } from '../../../lib/shared/timeouts.ts';
import {
  type FaultName,
  type FaultOptions,
  tlsFaultEndpoint,
  UNRESOLVABLE_ENDPOINT,
} from '../../../support/fault-proxy.ts';
import type { SsmFault } from '../fake-ssm.ts';
import type { KeyServerBehaviour } from '../jwks-server.ts';

/** A row of the matrix: the broken part, and the answer that the contract asks for. */
export interface MatrixFault {
  readonly name: string;
  /** `served`: the fault passes, and every answer is as without it. `failed`: it lasts. */
  readonly expected: 'served' | 'failed';
  /** Whether a write may reach the store although its answer does not come back. */
  readonly mayHaveEffect?: true;
  readonly store?: StoreFault;
  readonly jwks?: JwksFault;
  readonly ssm?: SsmFault;
  /** Variables that are set wrongly. */
  readonly variables?: Readonly<Record<string, string>>;
  /** The log line of each failure: type and message. */
  readonly cause?: RegExp;
  /** Time left to the function in milliseconds; all of it by default. */
  readonly remainingMs?: number;
}

export type StoreFault =
  | { readonly fault: FaultName | 'refused'; readonly options?: FaultOptions }
  | { readonly endpoint: (proxy: string) => string };

export type JwksFault = KeyServerBehaviour | 'down' | 'down after the keys were read' | 'no keys';

/** Two of three attempts fit in, before the early answer. */
const LITTLE_TIME_MS = timeouts.earlyAnswerMs + 2 * timeouts.attemptMs;

// The cause depends on the state of the pooled connection.
const BROKEN = store(/.*(ECONNREFUSED|ECONNRESET|EPIPE|socket hang up)/);
/** An attempt's time-out, or the deadline of all attempts. */
const TIMED_OUT = store(/(TimeoutError|AbortError): /);
const NO_JSON = store(/SyntaxError: /);
const UNPROCESSED = /^StoreError: BatchGetItem .* failed: (some keys|TimeoutError: |AbortError: )/;
const OUT_OF_TIME = /^FunctionTimeoutError: /;

const mayHaveEffect = true;

/** A new fault of the store, the issuer's keys, the secret or the configuration is one entry here. */
export const matrixFaults: readonly MatrixFault[] = [
  passing('reset', 2),
  passing('reset-after-effect', 1, { mayHaveEffect }),
  passing('reset-after-effect', 2, { mayHaveEffect }),
  passing('cut-off', 1, { mayHaveEffect }),
  passing('stall', 1, { mayHaveEffect }),
  // On a slow machine the second attempt may be given up as well, and take effect.
  passing('hang', 1, { mayHaveEffect }),
  passing('hang-after-effect', 1, { mayHaveEffect }),
  passing('slow', 1, { mayHaveEffect }, { ms: timeouts.attemptMs + 300 }),
  passing('throttle', 2),
  passing('internal-error', 2),
  passing('internal-error-after-effect', 1, { mayHaveEffect }),
  passing('unavailable', 2),
  passing('unprocessed-keys', 3),
  passing('unprocessed-first-key', 1),
  passing('unprocessed-last-key', 1),
  {
    name: 'slow, within the time of an attempt',
    expected: 'served',
    // On a machine that is as slow itself, an attempt may be given up and tried again.
    mayHaveEffect,
    store: { fault: 'slow', options: { ms: timeouts.attemptMs / 4 } },
  },

  lasting('refused', store(/connect ECONNREFUSED /)),
  lasting('reset', BROKEN),
  lasting('reset-after-effect', BROKEN, { mayHaveEffect }),
  lasting('cut-off', store(/aborted/), { mayHaveEffect }),
  lasting('hang', TIMED_OUT),
  lasting('hang-after-effect', TIMED_OUT, { mayHaveEffect }),
  lasting('stall', TIMED_OUT, { mayHaveEffect }),
  lasting('slow', TIMED_OUT, { mayHaveEffect }, { ms: timeouts.attemptMs + 300 }),
  lasting('hang', OUT_OF_TIME, { name: 'hang, little time left', remainingMs: LITTLE_TIME_MS }),
  lasting('hang', OUT_OF_TIME, {
    name: 'hang, no time left',
    remainingMs: timeouts.earlyAnswerMs,
  }),
  lasting('throttle', store(/ProvisionedThroughputExceededException: /)),
  lasting('internal-error', store(/InternalServerError: /)),
  lasting('internal-error-after-effect', store(/InternalServerError: /), { mayHaveEffect }),
  lasting('unavailable', store(/ServiceUnavailable: /)),
  lasting('access-denied', store(/AccessDeniedException: .* is not authorized to perform/)),
  lasting('missing-table', store(/ResourceNotFoundException: /)),
  lasting('html', NO_JSON),
  lasting('truncated-json', NO_JSON, { mayHaveEffect }),
  lasting('empty-body', NO_JSON),
  lasting('empty-answer', store(/the answer does not hold /)),
  lasting('foreign-rows', store(/the answer does not hold /), { mayHaveEffect }),
  lasting('condition-of-500', store(/ConditionalCheckFailedException: /)),
  lasting('unprocessed-keys', UNPROCESSED),
  lasting('unprocessed-first-key', UNPROCESSED),
  lasting('unprocessed-last-key', UNPROCESSED),
  {
    name: 'name does not resolve',
    expected: 'failed',
    store: { endpoint: () => UNRESOLVABLE_ENDPOINT },
    // A resolver may take longer than a connection may.
    cause: store(/.*(ENOTFOUND|EAI_AGAIN|did not establish a connection|AbortError: )/),
  },
  {
    name: 'does not speak TLS',
    expected: 'failed',
    store: { endpoint: tlsFaultEndpoint },
    cause: store(/.*(EPROTO|ssl3_get_record|SSL routines)/),
  },

  {
    name: 'no credentials',
    expected: 'failed',
    variables: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' },
    cause: store(/CredentialsProviderError: /),
  },

  jwks('down', 'down'),
  jwks('down after the keys were read', 'down after the keys were read', 'served'),
  jwks('slow, within the time', { delayMs: timeouts.keySetMs / 4 }, 'served'),
  jwks('slow, beyond the time', { delayMs: timeouts.keySetMs + 300 }),
  jwks('hang', 'hang'),
  jwks('stall', 'stall'),
  jwks('reset', 'reset'),
  jwks('5xx', { status: 503 }),
  jwks('404', { status: 404 }),
  jwks('redirect', 'redirect'),
  jwks('HTML', 'html'),
  jwks('empty answer', 'empty'),
  jwks('no key set', 'no-key-set'),
  jwks('a set without keys', 'no keys'),
  jwks('too large', { padTo: 300_000 }),
  jwks('endless', 'endless'),

  ssm('ParameterNotFound'),
  ssm('AccessDeniedException'),
  ssm('hang'),
  ssm('stall'),
  ssm('reset'),

  configuration({ SESSIONS_TABLE: '' }),
  configuration({ JWT_SECRET: 'too-short-but-secret' }),
  configuration({ JWT_ALGORITHMS: 'HS256 none' }),
  configuration({ JWT_PUBLIC_KEY: '{"keys":[]}' }),
];

/** Whether an answer comes only after some time-out, or that of a resolver. */
export function isWaitedFor({ store, jwks: keys, ssm: secret }: MatrixFault): boolean {
  if (store && 'endpoint' in store) return true;
  const name = store ? store.fault : (keys ?? secret);
  return typeof name === 'object'
    ? 'delayMs' in name
    : /hang|stall|slow|unprocessed/.test(String(name));
}

/** A StoreError that names operation and table, and ends with the cause. */
function store(cause: RegExp): RegExp {
  return new RegExp(`^StoreError: [A-Z]\\w+ on the table [\\w-]+ failed: ${cause.source}`);
}

function lasting(
  fault: FaultName | 'refused',
  cause?: RegExp,
  rest: Partial<MatrixFault> = {},
  options: FaultOptions = {},
): MatrixFault {
  const store = { fault, options };
  return { name: fault, expected: 'failed', store, ...(cause ? { cause } : {}), ...rest };
}

function passing(
  fault: FaultName,
  times: number,
  rest: Partial<MatrixFault> = {},
  options: FaultOptions = {},
): MatrixFault {
  const store = { fault, options: { times, ...options } };
  return { name: `${fault}, ${times}×`, expected: 'served', store, ...rest };
}

function jwks(
  name: string,
  fault: JwksFault,
  expected: MatrixFault['expected'] = 'failed',
): MatrixFault {
  return {
    name: `keys: ${name}`,
    expected,
    jwks: fault,
    cause: /^JwksUnavailableError: GET http:.*\/jwks.json failed: ./,
  };
}

function ssm(fault: SsmFault): MatrixFault {
  const cause =
    /^SecretParameterError: SSM GetParameter of the name in JWT_SECRET_PARAMETER failed: ./;
  return { name: `secret: ${fault}`, expected: 'failed', ssm: fault, cause };
}

function configuration(variables: Readonly<Record<string, string>>): MatrixFault {
  const [name = ''] = Object.keys(variables);
  const cause = new RegExp(`^ConfigurationError: .*${name}`);
  return { name: `configuration: ${name}`, expected: 'failed', variables, cause };
}
