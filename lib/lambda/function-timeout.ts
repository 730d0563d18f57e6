import { timeouts } from '../shared/timeouts.ts';

/** Middy's own error says that an operation was aborted, which leads whoever is on call to the store. */
class FunctionTimeoutError extends Error {
  override readonly name = 'FunctionTimeoutError';
}

/** Middy's settings that answer before Lambda ends the function. */
export const giveUpInTime = {
  timeoutEarlyInMillis: timeouts.earlyAnswerMs,
  timeoutEarlyResponse: (): never => {
    throw new FunctionTimeoutError(
      `The function was still busy ${timeouts.earlyAnswerMs} ms before its Lambda timeout`,
    );
  },
} as const;
