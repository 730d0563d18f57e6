import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { httpHandler } from '../../../lib/lambda/http-handler.ts';
import { logger } from '../../../lib/observability/logger.ts';
import { expectErrorPayload } from '../../support/error-payload.ts';
import { eventV1, eventV2 } from '../../support/events.ts';
import { configureFunction, invoke } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { encode, signRaw, TEST_SECRET } from '../../support/signing.ts';

const REQUEST = { method: 'GET', path: '/api/v1/auth/me' };
const TOKEN = signRaw({ alg: 'HS256', typ: 'JWT' }, { sub: 'alice', jti: 'a-session' });

const log = useLog();
beforeEach(() => {
  configureFunction({ table: 'never-asked' });
  delete process.env.ERROR_DETAILS;
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** The answer of an endpoint that throws. */
const answerTo = (thrown: unknown, event: unknown = eventV2(REQUEST)) => {
  const handler = httpHandler(async () => {
    throw thrown;
  });
  return invoke(handler, event);
};

// tests/lib/observability/describe-error.test.ts has all that can be thrown.
describe('whatever is thrown becomes the payload and one log line', () => {
  /** For http-error-handler an answer. */
  const dressedAs = (statusCode: number) =>
    Object.assign(new Error('secret'), { statusCode, expose: true, headers: { Via: 'x' } });

  test.each<[string, unknown, error: string, error_type: string]>([
    ['an Error', new Error('a'), 'a', 'Error'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['an Error dressed up as a refusal', dressedAs(404), 'secret', 'Error'],
    ['an Error dressed up as a success', dressedAs(200), 'secret', 'Error'],
    ['a response instead of an Error', { statusCode: 200 }, '{"statusCode":200}', 'Object'],
  ])('%s', async (_, thrown, error, error_type) => {
    const response = await answerTo(thrown);
    const { error_id, trace, ...payload } = expectErrorPayload(response, log, REQUEST);
    expect(payload).toMatchObject({ error, error_type });
    expect(log.outcomes()).toMatchObject([
      { error_id, error, error_type, trace, ...REQUEST, request_id: 'lambda-request' },
    ]);
  });

  test('every error has an id of its own', async () => {
    const ids = new Set<string>();
    for (let count = 0; count < 20; count += 1) {
      log.clear();
      ids.add(expectErrorPayload(await answerTo('a'), log, REQUEST).error_id);
    }
    expect(ids.size).toBe(20);
  });
});

test.each<[string, unknown, typeof REQUEST]>([
  ['payload format 1.0', eventV1(REQUEST), REQUEST],
  ['null', null, { method: '', path: '' }],
  ['members of wrong types', { rawPath: 7, httpMethod: {} }, { method: '', path: '' }],
])('any event at all gets the payload: %s', async (_, event, request) => {
  expectErrorPayload(await answerTo(new Error('a'), event), log, request);
});

describe('how much the client learns', () => {
  const CAUSE = new TypeError('the cause');

  test('all of it, unless configured otherwise', async () => {
    process.env.ERROR_DETAILS = 'full';
    expect(expectErrorPayload(await answerTo(CAUSE), log, REQUEST)).toMatchObject({
      ...{ error: 'the cause', trace: expect.stringContaining('internal-error.test.ts') },
    });
  });

  test.each(['redacted', 'REDACTED', 'Full', 'none'])(
    'only where to look, with ERROR_DETAILS=%s; the log keeps all',
    async (value) => {
      process.env.ERROR_DETAILS = value;
      const payload = expectErrorPayload(await answerTo(CAUSE), log, REQUEST);
      const pointer = `See the log for error id ${payload.error_id}`;
      expect(payload).toMatchObject({ error: pointer, trace: pointer, error_type: 'TypeError' });
      const trace = expect.stringContaining('internal-error.test.ts');
      expect(log.outcomes()).toMatchObject([{ error: 'the cause', trace }]);
    },
  );
});

const percents = (text: string) => `%${text.charCodeAt(0).toString(16)}`;

describe('no credential gets out', () => {
  const [, claims = '', signature = ''] = TOKEN.split('.');

  test.each<[string, string, string[]]>([
    ['a token', `Bearer ${TOKEN}`, [TOKEN, claims, signature]],
    ['another scheme', `Basic ${encode('alice:password')}`, [encode('alice:password')]],
    ['the configured secret', 'Bearer x', [TEST_SECRET]],
  ])('in the message, the stack or the cause: %s', async (_, authorization, leaks) => {
    const headers = { Authorization: authorization };
    for (const leak of [authorization, ...leaks]) {
      const error = new Error(`bad: ${leak}`, { cause: new Error(`worse: ${leak}`) });
      error.stack = `${error.stack}\n    at ${leak}`;
      for (const thrown of [error, `bad: ${leak}`, { message: leak }, { token: leak }]) {
        log.clear();
        const response = await answerTo(thrown, eventV2({ ...REQUEST, headers }));
        expectErrorPayload(response, log, REQUEST);
        expect(response.body).toContain('***');
        expect(response.body).not.toContain(leak);
        expect(log.lines().join()).not.toContain(leak);
      }
    }
  });

  test('in the path', async () => {
    const response = await answerTo('a', eventV2({ path: `/api/v1/auth/${TOKEN}` }));
    expectErrorPayload(response, log, { method: 'POST', path: '/api/v1/auth/***' });
    expect(log.lines().join()).not.toContain(signature);
  });

  const OPAQUE = 'Zq3v/X9mT7rB5wC8yP1sL6nD4h+F0jG=';

  test.each<[string, string, string, string]>([
    ['whole', OPAQUE, `/x/${OPAQUE}/y`, '/x/***/y'],
    ['a part', `${OPAQUE}, other`, '/x/X9mT7rB5wC8yP1sL6nD4h', '/x/***'],
    ['percent-encoded', OPAQUE, `/x/${encodeURIComponent(OPAQUE)}`, '***'],
    ['encoded twice', OPAQUE, `/x/${encodeURIComponent(encodeURIComponent(OPAQUE))}`, '***'],
    ['every character encoded', OPAQUE, `/x/${OPAQUE.replaceAll(/[^%]/g, percents)}/%zz`, '***'],
    ['split by slashes', OPAQUE, `/x/${OPAQUE.match(/.{1,7}/g)?.join('/')}/y`, '***'],
    ['split by encoded slashes', OPAQUE, `/x/${OPAQUE.match(/.{1,7}/g)?.join('%2F')}`, '***'],
    ['a header that is encoded', encodeURIComponent(OPAQUE), `/x/${OPAQUE}`, '***'],
    ['the configured secret', 'x', `/${TEST_SECRET.replace(/..../, '$&/')}`, '***'],
    ['somebody’s token', 'x', `/${TOKEN.replaceAll('.', '%2e')}`, '***'],
    ['too short to tell', 'v1', '/api/v1/auth/me', '/api/v1/auth/me'],
    ['mostly slashes', '/a//////////////////', '/api/v1/auth/me', '/api/v1/auth/me'],
    ['not there', OPAQUE, '/api/v1/auth/sessions/100%25', '/api/v1/auth/sessions/100%25'],
  ])('in the path: %s', async (_, token, path, expected) => {
    const response = await answerTo('a', eventV2({ path, token }));
    expectErrorPayload(response, log, { method: 'POST', path: expected });
    expect(log.outcomes()).toMatchObject([{ path: expected }]);
    if (path !== expected) expect(log.lines().join()).not.toContain(path);
  });
});

test('a logger that fails costs neither the payload nor the line', async () => {
  jest.spyOn(logger, 'error').mockImplementation(() => {
    throw new Error('The logger failed');
  });
  const { error } = expectErrorPayload(await answerTo(new Error('a')), log, REQUEST);
  expect(error).toBe('a');
  expect(log.outcomes()).toMatchObject([{ level: 'ERROR', message: 'error', error: 'a' }]);
});
