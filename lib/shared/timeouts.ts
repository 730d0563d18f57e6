/**
 * Timeouts, in milliseconds, chosen so that a function answers before Lambda kills it: a killed
 * function gets the gateway's own 500, which has no error id.
 *
 *   keys 2 s + one store operation 4 s = 6 s < early answer at 9 s < Lambda timeout 10 s
 *   (`provider.timeout` in serverless.yml; a test compares both) < API Gateway's 30 s.
 *
 * The sum holds for logout of one session, `me` and the authorizer. Other endpoints, and a check that
 * adopts a session, run several store operations; were all of them slow, the early answer comes first.
 */
export const timeouts = {
  /** The Lambda timeout. */
  functionMs: 10_000,
  /** Time left when Middy gives up. The first error of a process reads the source map, some 250 ms. */
  earlyAnswerMs: 1_000,
  /** SSM GetParameter, retries included. */
  secretMs: 2_000,
  /** JWKS request: connection, headers and body. */
  keySetMs: 2_000,
  /** One store operation, retries and pauses included. */
  storeMs: 4_000,
  /** TCP connection to AWS. */
  connectMs: 500,
  /** One attempt of a request to AWS; DynamoDB's p99 is some 10 ms. */
  attemptMs: 1_000,
  /** Attempts per store operation; `storeMs` cuts off 3 × (500 + 1,000) ms. */
  attempts: 3,
  /** First pause before a retry of unprocessed keys; doubles each time. */
  firstPauseMs: 50,
  /** Deletion of revoked rows, an extra that the answer of a logout waits for. */
  deleteRevokedMs: 500,
  /** Write of `last_seen`, an extra that a check waits for. */
  touchMs: 500,
} as const;

export interface Deadline extends Disposable {
  readonly abortSignal: AbortSignal;
}

/**
 * Starts a deadline for a request to another service, retries included. Dispose ends the timer, unlike
 * that of `AbortSignal.timeout`, which fires after its request: 15 % of the CPU of a warm logout, measured.
 *
 * @param milliseconds from now
 */
export function startDeadline(milliseconds: number = timeouts.storeMs): Deadline {
  const controller = new AbortController();
  const abort = () =>
    controller.abort(new DOMException(`No answer within ${milliseconds} ms`, 'TimeoutError'));
  const timer = setTimeout(abort, milliseconds);
  return { abortSignal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}
