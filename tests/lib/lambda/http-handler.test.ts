import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { HttpError, json } from '../../../lib/http/response.ts';
import { httpHandler } from '../../../lib/lambda/http-handler.ts';
import { timeouts } from '../../../lib/shared/timeouts.ts';
import { expectErrorPayload } from '../../support/error-payload.ts';
import { eventV1, eventV2 } from '../../support/events.ts';
import { configureFunction, invoke } from '../../support/lambda.ts';
import { type CapturedLog, captureLog } from '../../support/log.ts';

const REQUEST = { method: 'POST', path: '/api/v1/auth/logout' };
const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };

let log: CapturedLog;
const environment = { ...process.env };
beforeEach(() => {
  configureFunction({ table: 'never-asked' });
  log = captureLog();
});
afterEach(() => {
  log.stop();
  process.env = { ...environment };
});

describe('an answer', () => {
  test.each([
    ['2.0', eventV2],
    ['1.0', eventV1],
  ])('is passed on as it is (payload format %s)', async (_, event) => {
    const handler = httpHandler(async ({ method, path, header }) =>
      json(201, { method, path, via: header('via') }, { 'X-Made': 'here' }),
    );
    const response = await invoke(handler, event({ ...REQUEST, headers: { Via: '1.1 a' } }));
    expect(response).toEqual({
      statusCode: 201,
      headers: { ...HEADERS, 'X-Made': 'here' },
      body: JSON.stringify({ ...REQUEST, via: '1.1 a' }),
    });
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
    expect(await invoke(handler, eventV2(REQUEST))).toEqual({
      statusCode: status,
      headers: { ...HEADERS, ...headers },
      body: '{"detail":"Why \\"this\\""}',
    });
    expect(log.lines()).toEqual([]);
  });

  test('may be thrown frozen, and again', async () => {
    const error = Object.freeze(new HttpError(403, 'Not authenticated'));
    const handler = httpHandler(async () => {
      throw error;
    });
    const first = await invoke(handler, eventV2(REQUEST));
    expect(first).toEqual({
      statusCode: 403,
      headers: HEADERS,
      body: '{"detail":"Not authenticated"}',
    });
    expect(await invoke(handler, eventV2(REQUEST))).toEqual(first);
  });
});

describe('what http-error-handler would expose', () => {
  test.each<[string, object]>([
    ['a status of its own fault', { statusCode: 418, expose: true }],
    ['its success', { statusCode: 200, expose: true, headers: { 'Content-Type': 'text/html' } }],
  ])('is a failure like any other, unless it is ours: %s', async (_, members) => {
    const handler = httpHandler(async () => {
      throw Object.assign(new Error('internal'), members);
    });
    const { error } = expectErrorPayload(await invoke(handler, eventV2(REQUEST)), log, REQUEST);
    expect(error).toBe('internal');
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

describe('a wrong configuration', () => {
  test.each<[string, Record<string, string | undefined>]>([
    ['SESSIONS_TABLE', { SESSIONS_TABLE: undefined }],
    ['JWT_SECRET', { JWT_SECRET: 'short' }],
    ['JWT_PUBLIC_KEY', { JWT_SECRET: undefined, JWT_PUBLIC_KEY: 'no key' }],
    ['JWT_JWKS_URL', { JWT_SECRET: undefined, JWT_JWKS_URL: 'http://issuer.example/jwks' }],
    ['JWT_ALGORITHMS', { JWT_ALGORITHMS: 'RS256' }],
  ])('names %s in the payload (%j), and is asked for again', async (variable, changes) => {
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    jest.resetModules();
    const { handler } = await import('../../../handlers/logout.ts');
    const event = eventV2({ ...REQUEST, headers: { Authorization: 'Bearer a.b.c' } });
    const { error, error_type } = expectErrorPayload(await invoke(handler, event), log, REQUEST);
    expect(error_type).toBe('ConfigurationError');
    expect(error.startsWith(`${variable} `)).toBe(true);

    process.env = { ...environment };
    configureFunction({ table: 'never-asked' });
    expect(await invoke(handler, event)).toMatchObject({ statusCode: 200 });
  });
});
