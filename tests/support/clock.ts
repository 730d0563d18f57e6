import { jest } from '@jest/globals';

/**
 * Freezes `Date` and leaves every timer alone, so that real sockets and time-outs go on working.
 * `jest.setSystemTime` moves it; `jest.useRealTimers` ends it.
 *
 * @param nowMs epoch milliseconds
 */
export function freezeDate(nowMs: number): void {
  jest.useFakeTimers({
    now: nowMs,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}
