import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startDeadline, timeouts } from '../../../lib/shared/timeouts.ts';
import { readService } from '../../../support/service-file.ts';

const service = readService<{ readonly provider: { readonly timeout: number } }>('.');

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const GATEWAY_MS = 30_000;

afterEach(() => {
  jest.useRealTimers();
});

describe('the time deadline', () => {
  test('is fitted to the Lambda timeout that is deployed, of every function', () => {
    expect(service.provider.timeout * 1_000).toBe(timeouts.functionMs);
    for (const { timeout } of Object.values(service.functions)) expect(timeout).toBeUndefined();
  });

  test('lets the slowest request fail on its own before the function is given up', () => {
    const { secretMs, keySetMs, storeMs, functionMs, earlyAnswerMs } = timeouts;
    // Only one source of keys can be configured.
    expect(Math.max(secretMs, keySetMs) + storeMs).toBeLessThan(functionMs - earlyAnswerMs);
  });

  test('lets a function answer before the gateway stops waiting', () => {
    expect(timeouts.functionMs).toBeLessThan(GATEWAY_MS);
  });

  test('leaves time for every attempt at a store that accepts but does not answer', () => {
    const { attempts, attemptMs, storeMs } = timeouts;
    expect(attempts).toBeGreaterThan(1);
    expect(attempts * attemptMs).toBeLessThan(storeMs);
  });

  test('is what an operation of the store is aborted by, which says how long it took', () => {
    jest.useFakeTimers();
    using deadline = startDeadline();
    jest.advanceTimersByTime(timeouts.storeMs - 1);
    expect(deadline.abortSignal.aborted).toBe(false);
    jest.advanceTimersByTime(1);
    expect(deadline.abortSignal.reason).toMatchObject({
      name: 'TimeoutError',
      message: `No answer within ${timeouts.storeMs} ms`,
    });
  });

  test('is called off once its operation is over', () => {
    jest.useFakeTimers();
    const { abortSignal } = (() => {
      using deadline = startDeadline(10);
      return deadline;
    })();
    expect(jest.getTimerCount()).toBe(0);
    expect(abortSignal.aborted).toBe(false);
  });
});
