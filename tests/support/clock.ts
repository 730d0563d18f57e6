import { afterEach, beforeEach, jest } from '@jest/globals';

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

/** Registers {@link freezeDate} for each test of a file. */
export function useFrozenDate(nowMs: number): void {
  beforeEach(() => freezeDate(nowMs));
  afterEach(() => {
    jest.useRealTimers();
  });
}

/**
 * The present of tests that give the time to what they test, on rows that no server's own TTL may
 * delete: DynamoDB Local deletes what has expired by its own clock. Epoch milliseconds.
 */
export const FAR_NOW_MS = Date.UTC(2100, 0, 1);
