import { timeouts } from '../shared/timeouts.ts';

/** Names the cause; Middy's own AbortError suggests the store. */
class FunctionTimeoutError extends Error {
  override readonly name = 'FunctionTimeoutError';
}

/** Middy options that end a request with an error before Lambda kills the function. */
export const earlyTimeout = {
  timeoutEarlyInMillis: timeouts.earlyAnswerMs,
  timeoutEarlyResponse: (): never => {
    throw new FunctionTimeoutError(
      `The function was still busy ${timeouts.earlyAnswerMs} ms before its Lambda timeout`,
    );
  },
} as const;
