import type { Endpoint } from './endpoints.ts';
import type { MatrixFault } from './faults.ts';

export type AnswerKind =
  /** 200, 204 or "allow". */
  | 'success'
  /** 401, or the error that a gateway turns into a 401. */
  | 'refused'
  /** 404 for a session that is to be ended. */
  | 'gone'
  /** The whole 500 payload, or an authorizer's error under an id. */
  | 'failed'
  /** Anything else, in status, headers or body. */
  | 'malformed';

/** Which of a user's two sessions are alive, read from the table around the faulty proxy. */
export interface Alive {
  readonly asker: boolean;
  readonly other: boolean;
}

/** The contract's terms for one endpoint under one fault. */
export interface Expectation {
  readonly answer: MatrixFault['expected'];
  /** The fault may let a write take effect, and only lose its answer. */
  readonly mayHaveEffect: boolean;
  /** Whether a request meets the fault; undefined where the cause in the log proves so. */
  readonly meetsFault: boolean | undefined;
}

/** One request under one fault, and its traces. */
export interface Observation {
  readonly kind: AnswerKind;
  readonly metFault: boolean;
  readonly before: Alive;
  readonly after: Alive;
}

export function expectationOf(
  { isProtected, isBestEffort, readsKeys }: Endpoint,
  { expected, mayHaveEffect, store, cause }: MatrixFault,
): Expectation {
  // Logout of this one session is a delete; only that of a session that is over reads as well.
  const isPassedBy = !isProtected && !readsKeys && isUnprocessed(store);
  const answer = isPassedBy || isBestEffort ? 'served' : expected;
  const isProvedByCause = cause !== undefined && answer === 'failed';
  return {
    answer,
    mayHaveEffect: mayHaveEffect === true,
    meetsFault: store && !isProvedByCause && !isPassedBy ? true : undefined,
  };
}

/** Whether the endpoint can meet the fault: some faults exist in one operation, or before any. */
export function canMeet(endpoint: Endpoint, fault: MatrixFault): boolean {
  const { operation, isBestEffort, only, isAdopted, except } = endpoint;
  const { name, store, expected, remainingMs } = fault;
  if (only) return only.includes(name);
  if ((isAdopted && !store) || except?.includes(name)) return false;
  if ((endpoint.needsNoKeys && (fault.jwks || fault.ssm)) || (endpoint.hasPublicKeys && fault.ssm))
    return false;
  if (operation === undefined) return true;
  if (!store || 'endpoint' in store || store.fault === 'refused' || isUnprocessed(store))
    return false;
  return !isBestEffort || (expected === 'failed' && remainingMs === undefined);
}

function isUnprocessed(store: MatrixFault['store']): boolean {
  return store !== undefined && 'fault' in store && store.fault.startsWith('unprocessed-');
}

/** Holds an observation to the contract. An empty list means that the contract was kept. */
export function evaluate(
  endpoint: Endpoint,
  expectation: Expectation,
  observation: Observation,
): readonly string[] {
  const { meetsFault } = expectation;
  const { metFault, kind } = observation;
  return [
    ...(meetsFault === undefined || metFault === meetsFault
      ? []
      : [meetsFault ? 'never met its fault' : 'met a fault that it should not have']),
    ...(kind === 'malformed' ? ['an answer in no known form'] : []),
    ...answerProblems(endpoint, expectation, observation),
    ...storeProblems(endpoint, expectation, observation),
  ];
}

function answerProblems(
  { ends, isProtected }: Endpoint,
  { answer, mayHaveEffect }: Expectation,
  { kind, before, after }: Observation,
): string[] {
  const problems: string[] = [];
  const alive = ends.filter((session) => after[session]);
  if (kind === 'success' && alive.length > 0)
    problems.push(`a false success: still alive: ${alive.join(', ')}`);
  if (kind === 'gone' && after.other) problems.push('a false 404: the session is alive');
  if (kind === 'success' && isProtected && !before.asker)
    problems.push('fail-open: a dead session was let in');
  if (answer === 'failed') {
    if (kind !== 'failed') problems.push(`${kind}, where nobody could know`);
    return problems;
  }
  const right: readonly AnswerKind[] =
    isProtected && !before.asker
      ? ['refused']
      : // A retried delete that took effect the first time finds nothing.
        ['success', ...(mayHaveEffect && ends.includes('other') ? (['gone'] as const) : [])];
  if (!right.includes(kind)) problems.push(`${kind} in place of ${right.join(' or ')}`);
  return problems;
}

function storeProblems(
  { ends }: Endpoint,
  { mayHaveEffect }: Expectation,
  { kind, before, after }: Observation,
): string[] {
  const mayEnd = kind === 'success' || kind === 'gone' || (kind === 'failed' && mayHaveEffect);
  return (['asker', 'other'] as const).flatMap((session) => {
    if (after[session] === before[session]) return [];
    if (after[session]) return [`${session} has come back to life`];
    return mayEnd && ends.includes(session) ? [] : [`${session} was ended without a reason`];
  });
}
