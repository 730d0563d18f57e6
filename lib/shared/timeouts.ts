/**
 * How long each step may take, fitted together in one place so that a function always answers before
 * Lambda ends it: a function that is ended answers with the gateway's own 500, which has no error id.
 *
 *   the one source of keys, secret or key set, 2 s + one store operation 4 s = 6 s
 *   < early answer at 9 s (1 s before the end)
 *   < Lambda timeout 10 s (`provider.timeout` in serverless.yml; a test compares the two)
 *   < API Gateway's 30 s.
 *
 * That is logout of one session, `me` and the authorizer. The others need several store operations,
 * one after the other, each with its own 4 s: the list two, the end of a listed session three,
 * logout of many two or more. Were they all that slow, the early answer would come first.
 *
 * All values are milliseconds.
 */
export const timeouts = {
  /** The Lambda timeout that the rest is fitted to. */
  functionMs: 10_000,
  /**
   * How long before the Lambda timeout Middy gives up on the handler and the 500 payload is written. The
   * first error of a process has its source map to read, which takes some 250 ms of it.
   */
  earlyAnswerMs: 1_000,
  /** SSM's GetParameter, all attempts together. */
  secretMs: 2_000,
  /** The issuer's JWKS: connecting, headers and body. */
  keySetMs: 2_000,
  /** One operation of the session store, all attempts and the pauses between them together. */
  storeMs: 4_000,
  /** A connection that DynamoDB has not accepted in this time is tried again. */
  connectMs: 500,
  /** An attempt that DynamoDB has not answered in this time is tried again; its p99 is some 10 ms. */
  attemptMs: 1_000,
  /** Attempts of one store operation: 3 × (500 + 1,000) ms at worst are cut short by `storeMs`. */
  attempts: 3,
  /** Pause before keys that DynamoDB handed back unread are asked for again; it doubles each time. */
  firstPauseMs: 50,
  /** Deleting rows that are dead already: an extra that logout's answer waits for only this long. */
  deleteRevokedMs: 500,
} as const;

/** Something took longer than the function can wait for it. */
class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(milliseconds: number) {
    super(`No answer within ${milliseconds} ms`);
  }
}

/** A limit of time, for as long as it is in scope. */
export interface Deadline extends Disposable {
  readonly abortSignal: AbortSignal;
}

/**
 * Ends a question to another service, with all its attempts, in time for the function to answer.
 *
 * `AbortSignal.timeout` can't be called off: each would still go off, seconds after its request was
 * answered, and make an error that nobody gets. Measured: 15 % of the CPU of a warm logout.
 *
 * @param milliseconds from now
 */
export function startDeadline(milliseconds: number = timeouts.storeMs): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new TimeoutError(milliseconds)), milliseconds);
  return { abortSignal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
