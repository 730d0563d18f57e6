import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import middy, { type MiddlewareObj } from '@middy/core';
import httpCors from '@middy/http-cors';
import httpErrorHandler from '@middy/http-error-handler';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { handler as logout } from '../../../handlers/logout.ts';
import type { HttpResponse } from '../../../lib/http/response.ts';
import { requireSession, type SessionOptions } from '../../../lib/middy/require-session.ts';
import { adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { queryRows } from '../../../lib/sessions/rows.ts';
import { endSession } from '../../../lib/sessions/sessions.ts';
import { NOT_AUTHENTICATED, OTHER_SCHEME, UNAUTHORIZED } from '../../support/answers.ts';
import { expectErrorPayload } from '../../support/error-payload.ts';
import { eventV1, eventV2, type TestRequest } from '../../support/events.ts';
import { startFakeSsm } from '../../support/fake-ssm.ts';
import { startKeyServer } from '../../support/jwks-server.ts';
import { makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { configureFunction, invoke, lambdaContext } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { writeRow } from '../../support/session-rows.ts';
import { issueTestSession, TEST_SECRET } from '../../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
beforeEach(() => configureFunction(store.direct));
afterEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(JWT_|SESSIONS)/.test(name)) delete process.env[name];
});

const REQUEST = { method: 'GET', path: '/notes' };

type Endpoint = (event: unknown, context: { caller: { session: { sub: string } } }) => unknown;

/** The API's own handler, which only requests with a caller reach. */
const notes: Endpoint = async (_, { caller }) => ({
  ...{ statusCode: 200, headers: {}, body: caller.session.sub },
});

/** An API behind middlewares, in this order. */
const behind = (middlewares: readonly unknown[], endpoint = notes) =>
  middy()
    .use(middlewares as MiddlewareObj[])
    .handler(endpoint as never);

/** An API behind the middleware alone. */
const api = (options?: SessionOptions) => behind([requireSession(options)]);

const call = (handler: unknown, event: unknown) => invoke(handler as typeof logout, event);
const begin = () => issueTestSession(store.direct, { sub: randomUUID() });

/** An event of a load balancer, with either kind of headers. */
function albEvent({ token, ...request }: TestRequest, headers: 'headers' | 'multiValueHeaders') {
  const event = eventV1({ ...request, token });
  return {
    ...{ path: event.path, httpMethod: event.httpMethod, [headers]: event[headers] },
    ...{ queryStringParameters: {}, body: '', isBase64Encoded: false },
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b' },
    },
  };
}

/** A response in the form that events of a kind ask for. */
type Form = (response: HttpResponse) => object;
const single: Form = (response) => response;
const both: Form = (response) => {
  const lists = Object.entries(response.headers).map(([name, value]) => [name, [value]]);
  return { ...response, multiValueHeaders: Object.fromEntries(lists) };
};

const EVENTS: readonly [string, (request: TestRequest) => object, Form][] = [
  ['HTTP API', eventV2, single],
  ['HTTP API, payload 1.0', (request) => ({ version: '1.0', ...eventV1(request) }), both],
  ['REST API', eventV1, both],
  ['function URL', (request) => ({ ...eventV2(request), routeKey: '$default' }), single],
  ['load balancer', (request) => albEvent(request, 'headers'), single],
  ['load balancer, multi-value', (request) => albEvent(request, 'multiValueHeaders'), both],
];

describe.each(EVENTS)('%s', (_, event, form) => {
  test('an active session gets in, and after its logout no more', async () => {
    const { token, session } = await begin();
    const apis = [api(), behind([httpHeaderNormalizer(), requireSession()])];
    for (const each of apis)
      expect(await call(each, event({ ...REQUEST, token }))).toMatchObject({
        ...{ statusCode: 200, body: session.sub },
      });
    expect((await invoke(logout, eventV2({ token }))).statusCode).toBe(200);
    for (const each of apis)
      expect(await call(each, event({ ...REQUEST, token }))).toEqual(form(UNAUTHORIZED));
  });

  test('no header, and another scheme, are a 403', async () => {
    const headers = { Authorization: 'Basic YWxpY2U6cGFzcw==' };
    expect(await call(api(), event(REQUEST))).toEqual(form(NOT_AUTHENTICATED));
    expect(await call(api(), event({ ...REQUEST, headers }))).toEqual(form(OTHER_SCHEME));
  });

  test('a store that cannot be asked is a 500 with the error id of its log line', async () => {
    const { token } = await begin();
    await store.proxy.fault('access-denied');
    const response = await call(api(), event({ ...REQUEST, token }));
    const { statusCode, headers, body } = response;
    expectErrorPayload({ statusCode, headers, body }, log, REQUEST);
    expect(response).toEqual(form({ statusCode, headers, body }));
    expect(log.lines().join()).not.toContain(token);
  });
});

describe('the caller', () => {
  test('is in the context and in `internal`, with claims and session', async () => {
    const { token, session } = await issueTestSession(store.direct, { claims: { role: 'admin' } });
    const seen: unknown[] = [];
    const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
      .use(requireSession())
      .before((request) => {
        seen.push(request.internal.caller);
      })
      .handler(async (_, context) => {
        seen.push(context.caller);
        // Typed: `sub` is a string, and a claim is anything.
        const sub: string = context.caller.session.sub;
        return { statusCode: 200, body: `${sub} ${context.caller.claims.role}` };
      });
    expect(await call(handler, eventV2({ token }))).toEqual({
      ...{ statusCode: 200, body: 'alice admin' },
    });
    const caller = { claims: expect.objectContaining({ sub: 'alice', role: 'admin' }), session };
    expect(seen).toEqual([caller, caller]);
  });

  test('is that of the own request, of many at once', async () => {
    const handler = api();
    const users = await Promise.all(Array.from({ length: 20 }, begin));
    const answers = await Promise.all(users.map(({ token }) => call(handler, eventV2({ token }))));
    expect(answers.map(({ body }) => body)).toEqual(users.map(({ session }) => session.sub));
  });

  test('costs one read of the store, and none without a good token', async () => {
    const { token } = await begin();
    for (const sent of [token, `${token}x`, undefined]) await call(api(), eventV2({ token: sent }));
    expect(store.operations()).toEqual(['BatchGetItem']);
    expect(log.entries().filter((entry) => '_aws' in entry)).toMatchObject([
      { 'check.passed': 1 },
      { 'check.refused': 1, 'refused.bad_signature': 1 },
    ]);
  });
});

describe('beside other middlewares', () => {
  const CORS = { 'Access-Control-Allow-Origin': 'https://app.example.com' };
  const cors = httpCors({ origin: CORS['Access-Control-Allow-Origin'] });
  const errors = httpErrorHandler({ logger: false });
  const canonical = httpHeaderNormalizer({ canonical: true });
  const withCors = (response: HttpResponse) => ({
    ...response,
    headers: { ...response.headers, ...CORS },
  });

  test.each<[string, () => unknown[]]>([
    ['http-cors before', () => [cors, requireSession()]],
    ['http-error-handler after', () => [cors, requireSession(), errors]],
    ['http-error-handler before', () => [errors, cors, requireSession()]],
    ['http-cors and http-error-handler after', () => [requireSession(), cors, errors]],
    ['the normalizer first', () => [httpHeaderNormalizer(), cors, requireSession()]],
    ['the normalizer last', () => [cors, requireSession(), httpHeaderNormalizer()]],
    ['names in capitals', () => [canonical, cors, requireSession(), errors]],
  ])('%s: the same answers, with the headers of http-cors', async (_, middlewares) => {
    const { token, session } = await begin();
    const handler = behind(middlewares());
    expect(await call(handler, eventV2({ token }))).toMatchObject({
      ...{ statusCode: 200, headers: CORS },
    });
    expect(await call(handler, eventV2())).toEqual(withCors(NOT_AUTHENTICATED));
    await endSession(store.direct, session);
    expect(await call(handler, eventV2({ token }))).toEqual(withCors(UNAUTHORIZED));
    log.clear();
    await store.proxy.fault('access-denied');
    const failed = await call(handler, eventV2({ ...REQUEST, token }));
    const { 'Access-Control-Allow-Origin': origin, ...headers } = failed.headers;
    expect(origin).toBe('https://app.example.com');
    expectErrorPayload({ ...failed, headers }, log, REQUEST);
  });

  const failsWith = (thrown: unknown) => async () => {
    throw thrown;
  };

  test('an error of the API itself is left to whoever cares for it', async () => {
    const { token } = await begin();
    const own = Object.assign(new Error('no such note'), { statusCode: 404, expose: true });
    const handled = behind([errors, requireSession()], failsWith(own));
    expect(await call(handled, eventV2({ token }))).toMatchObject({
      ...{ statusCode: 404, body: 'no such note' },
    });
    const trap = () => {
      throw new Error('trap');
    };
    for (const thrown of [
      own,
      null,
      undefined,
      'a text',
      new Proxy({}, { getPrototypeOf: trap }),
    ]) {
      const alone = behind([requireSession()], failsWith(thrown));
      const [outcome] = await Promise.allSettled([call(alone, eventV2({ token }))]);
      expect(outcome.status === 'rejected' && Object.is(outcome.reason, thrown)).toBe(true);
    }
    expect(log.outcomes()).toEqual([]);
  });

  test('the API’s answer to a refusal wins', async () => {
    const redirect = {
      onError: (request: { response: unknown }) => {
        request.response = { statusCode: 302, headers: { Location: '/log-in' }, body: '' };
      },
    };
    const handler = behind([requireSession(), redirect]);
    expect(await call(handler, eventV2())).toMatchObject({ statusCode: 302 });
  });
});

test.each([null, {}, [], 'x', 7, { headers: null }, { requestContext: null }])(
  'what comes without a request gets 403: %j',
  async (event) => {
    expect(await call(api(), event)).toMatchObject({ statusCode: 403 });
  },
);

test('a context without a request id, and one that is empty, are enough', async () => {
  const { token } = await begin();
  for (const context of [{}, { ...lambdaContext(), awsRequestId: undefined }])
    expect(await api()(eventV2({ token }) as never, context as never)).toMatchObject({
      statusCode: 200,
    });
});

describe('options', () => {
  test('win over variables, name by name', async () => {
    process.env.SESSIONS_TABLE = 'another-table';
    process.env.JWT_ISSUER = 'https://other.example.com';
    const { token } = await begin();
    expect((await call(api(), eventV2({ token }))).statusCode).toBe(401);
    const options = { sessionsTable: store.direct.table, jwtIssuer: '', jwtAudience: undefined };
    expect((await call(api(options), eventV2({ token }))).statusCode).toBe(200);
    process.env.JWT_AUDIENCE = 'notes';
    expect((await call(api(options), eventV2({ token }))).statusCode).toBe(401);
  });

  test('are read at the first request, and services are created once', async () => {
    delete process.env.SESSIONS_TABLE;
    const handler = api();
    process.env.SESSIONS_TABLE = store.direct.table;
    const { token } = await begin();
    expect((await call(handler, eventV2({ token }))).statusCode).toBe(200);
    process.env.SESSIONS_TABLE = 'x';
    expect((await call(handler, eventV2({ token }))).statusCode).toBe(200);
    expect((await call(api(), eventV2({ token }))).statusCode).toBe(500);
  });

  const askWith = async (options: object) =>
    expectErrorPayload(
      await call(api(options), eventV2({ ...REQUEST, token: (await begin()).token })),
      log,
      REQUEST,
    );

  test.each<[string, object, string]>([
    ['a table that is none', { sessionsTable: '!' }, 'SESSIONS_TABLE'],
    ['a name that nothing reads', { jwtAudiences: 'notes' }, 'jwtAudiences is no option'],
    ['a second source of keys', { jwtJwksUrl: 'https://id.example.com/jwks' }, 'JWT_JWKS_URL'],
    ['adopted sessions without their claim', { sessions: 'adopted' }, 'JWT_SESSION_CLAIM'],
    ['a number that is none', { idleTimeout: -1 }, 'IDLE_TIMEOUT'],
  ])('that are wrong are the 500: %s', async (_, options, problem) => {
    expect(await askWith(options)).toMatchObject({
      ...{ error_type: 'ConfigurationError', error: expect.stringContaining(problem) },
    });
  });

  test('say how much a client learns', async () => {
    const { error, error_id } = await askWith({ sessionsTable: '!', errorDetails: 'redacted' });
    expect(error).toBe(`See the log for error id ${error_id}`);
  });

  test('do not let a secret out that stands in place of its name', async () => {
    delete process.env.JWT_SECRET;
    const ssm = await startFakeSsm();
    process.env.AWS_ENDPOINT_URL_SSM = ssm.endpoint;
    try {
      ssm.fault = 'AccessDeniedException';
      const payload = await askWith({ jwtSecretParameter: TEST_SECRET });
      expect([JSON.stringify(payload), ...log.lines()].join()).not.toContain(TEST_SECRET);
    } finally {
      delete process.env.AWS_ENDPOINT_URL_SSM;
      await ssm.close();
    }
  });
});

test('adopted sessions with a time-out: the first request adopts, and both ends hold', async () => {
  const key = await makeKeyPair('ES256');
  const keys = await startKeyServer([{ ...key.jwk, kid: 'k1', alg: 'ES256', use: 'sig' }]);
  try {
    delete process.env.JWT_SECRET;
    const iss = 'https://id.example.com';
    const handler = api({
      ...{ jwtJwksUrl: keys.url, jwtIssuer: iss, sessions: 'adopted', jwtSessionClaim: 'sid' },
      idleTimeout: 600,
    });
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const statusOf = async (sid: string) => {
      const token = await signWith(key, { iss, sub: 'zoe', sid, exp }, { kid: 'k1' });
      return (await call(handler, eventV2({ token }))).statusCode;
    };
    expect([await statusOf('one'), await statusOf('two')]).toEqual([200, 200]);
    const [row = {}] = await queryRows(store.direct, 'zoe');
    await writeRow(store.direct, { ...row, last_seen: Date.now() - 900_000 });
    const rules = { maxAgeMs: 3_600_000, tokenIsSession: false };
    await adoptedSessions(store.direct, rules).end({ sub: 'zoe', jti: 'two', expires_at: exp });
    expect([await statusOf('one'), await statusOf('two')]).toEqual([401, 401]);
    expect(log.outcomes().map(({ reason }) => reason)).toEqual(['session_idle', 'session_ended']);
  } finally {
    await keys.close();
  }
});
