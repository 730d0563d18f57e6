import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { HttpError, json } from '../../../lib/http/response.ts';
import { httpHandler } from '../../../lib/lambda/http-handler.ts';
import { timeouts } from '../../../lib/shared/timeouts.ts';
import { answer, NOT_AUTHENTICATED } from '../../support/answers.ts';
import { expectErrorPayload } from '../../support/error-payload.ts';
import { eventV2, FORMATS } from '../../support/events.ts';
import { configureFunction, invoke } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';

const REQUEST = { method: 'POST', path: '/api/v1/auth/logout' };

const log = useLog();
const environment = { ...process.env };
beforeEach(() => configureFunction({ table: 'never-asked' }));
afterEach(() => {
  process.env = { ...environment };
});

describe('an answer', () => {
  test.each(FORMATS)('is passed on as it is (payload format %s)', async (_, event) => {
    const handler = httpHandler(async ({ method, path, header }) =>
      json(201, { method, path, via: header('via') }, { 'X-Made': 'here' }),
    );
    const response = await invoke(handler, event({ ...REQUEST, headers: { Via: '1.1 a' } }));
    expect(response).toEqual(answer(201, { ...REQUEST, via: '1.1 a' }, { 'X-Made': 'here' }));
    expect(log.lines()).toEqual([]);
  });

  test.each<[number, Record<string, string>]>([
    [401, { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
    [403, {}],
    [404, {}],
    [503, { 'Retry-After': '1' }],
  ])('may be thrown, and is no failure: %i', async (status, headers) => {
    const handler = httpHandler(async () => {
      throw new HttpError(status, 'Why "this"', headers);
    });
    const detail = 'Why "this"';
    expect(await invoke(handler, eventV2(REQUEST))).toEqual(answer(status, { detail }, headers));
    expect(log.lines()).toEqual([]);
  });

  test('may be thrown frozen, and again', async () => {
    const error = Object.freeze(new HttpError(403, 'Not authenticated'));
    const handler = httpHandler(async () => {
      throw error;
    });
    for (const _ of [1, 2])
      expect(await invoke(handler, eventV2(REQUEST))).toEqual(NOT_AUTHENTICATED);
  });
});

describe('time', () => {
  test('is up shortly before Lambda says so', async () => {
    const handler = httpHandler(() => new Promise(() => {}));
    const remainingMs = timeouts.earlyAnswerMs + 50;
    const response = await invoke(handler, eventV2(REQUEST), remainingMs);
    const { error, error_type } = expectErrorPayload(response, log, REQUEST);
    expect(error_type).toBe('FunctionTimeoutError');
    expect(error).toBe('The function was still busy 1000 ms before its Lambda timeout');
  });

  test('that is up does not turn a late failure into a second error', async () => {
    let fail = (_: Error) => {};
    const handler = httpHandler(
      () =>
        new Promise((_, reject) => {
          fail = reject;
        }),
    );
    const response = await invoke(handler, eventV2(REQUEST), timeouts.earlyAnswerMs + 50);
    fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
    expectErrorPayload(response, log, REQUEST);
    expect(log.outcomes()).toHaveLength(1);
  });
});

// tests/handlers/fault-matrix.test.ts has every variable.
test('a wrong configuration is named in the payload, and is asked for again', async () => {
  delete process.env.SESSIONS_TABLE;
  jest.resetModules();
  const { handler } = await import('../../../handlers/logout.ts');
  const event = eventV2({ ...REQUEST, headers: { Authorization: 'Bearer a.b.c' } });
  const { error, error_type } = expectErrorPayload(await invoke(handler, event), log, REQUEST);
  expect(error_type).toBe('ConfigurationError');
  expect(error).toMatch(/^SESSIONS_TABLE /);
  configureFunction({ table: 'never-asked' });
  expect(await invoke(handler, event)).toMatchObject({ statusCode: 200 });
});
