import { randomUUID } from 'node:crypto';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import middy from '@middy/core';
import httpCors from '@middy/http-cors';
import httpErrorHandler from '@middy/http-error-handler';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { handler as logout } from '../../../handlers/logout.ts';
import { requireSession, type SessionOptions } from '../../../lib/middy/require-session.ts';
import { adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { endSession } from '../../../lib/sessions/sessions.ts';
import { expectErrorPayload } from '../../support/error-payload.ts';
import { eventV1, eventV2, type TestRequest } from '../../support/events.ts';
import { startFakeSsm } from '../../support/fake-ssm.ts';
import { startKeyServer } from '../../support/jwks-server.ts';
import { makeKeyPair, signWith } from '../../support/key-pairs.ts';
import { configureFunction, invoke, lambdaContext } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { issueTestSession, TEST_SECRET } from '../../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
beforeEach(() => configureFunction(store.direct));
afterEach(() => {
  for (const name of Object.keys(process.env))
    if (/^(JWT_|SESSIONS)/.test(name)) delete process.env[name];
});

const REQUEST = { method: 'GET', path: '/notes' };
const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
const CORS = { 'Access-Control-Allow-Origin': 'https://app.example.com' };

/** The API's own handler, which only requests with a caller reach. */
const notes = async (_: unknown, { caller }: { caller: { session: { sub: string } } }) => ({
  statusCode: 200,
  headers: {},
  body: caller.session.sub,
});

/** An API behind the middleware, without any other. */
const api = (options?: SessionOptions) =>
  middy<unknown, APIGatewayProxyStructuredResultV2>().use(requireSession(options)).handler(notes);

const call = (handler: unknown, event: unknown) => invoke(handler as typeof logout, event);

/** An event of a load balancer, with either kind of headers. */
function albEvent({ token, ...request }: TestRequest, headers: 'headers' | 'multiValueHeaders') {
  const { path, httpMethod, headers: single, multiValueHeaders } = eventV1({ ...request, token });
  return {
    ...{ path, httpMethod, queryStringParameters: {}, body: '', isBase64Encoded: false },
    [headers]: headers === 'headers' ? single : multiValueHeaders,
    requestContext: {
      elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/a/b' },
    },
  };
}

const challenge = { ...HEADERS, 'WWW-Authenticate': 'Bearer error="invalid_token"' };

type Answered = (headers: object) => object;
const single: Answered = (headers) => ({ headers });
const both: Answered = (headers) => {
  const lists = Object.entries(headers).map(([name, value]) => [name, [value]]);
  return { headers, multiValueHeaders: Object.fromEntries(lists) };
};

/** What is answered beside status and body, for given headers. */
const SHAPES: readonly [string, (request: TestRequest) => object, Answered][] = [
  ['HTTP API', eventV2, single],
  ['HTTP API, payload 1.0', (request) => ({ version: '1.0', ...eventV1(request) }), both],
  ['REST API', eventV1, both],
  ['function URL', (request) => ({ ...eventV2(request), routeKey: '$default' }), single],
  ['load balancer', (request) => albEvent(request, 'headers'), single],
  ['load balancer, multi-value', (request) => albEvent(request, 'multiValueHeaders'), both],
];

describe.each(SHAPES)('%s', (_, event, answered) => {
  const normalized = () =>
    middy<unknown, APIGatewayProxyStructuredResultV2>()
      .use(httpHeaderNormalizer())
      .use(requireSession())
      .handler(notes);

  test('an active session gets in, and after its logout no more', async () => {
    const { token, session } = await issueTestSession(store.direct, { sub: randomUUID() });
    const apis = [api(), normalized()];
    for (const each of apis)
      expect(await call(each, event({ ...REQUEST, token }))).toMatchObject({
        ...{ statusCode: 200, body: session.sub },
      });
    expect((await invoke(logout, eventV2({ token }))).statusCode).toBe(200);
    for (const each of apis)
      expect(await call(each, event({ ...REQUEST, token }))).toEqual({
        ...{ statusCode: 401, body: '{"detail":"Could not validate credentials"}' },
        ...answered(challenge),
      });
  });

  test.each([
    ['no header', {}, 'Not authenticated'],
    [
      'another scheme',
      { Authorization: 'Basic YWxpY2U6cGFzcw==' },
      'Invalid authentication credentials',
    ],
  ])('%s is a 403', async (__, headers, detail) => {
    expect(await call(api(), event({ ...REQUEST, headers }))).toEqual({
      ...{ statusCode: 403, body: JSON.stringify({ detail }) },
      ...answered(HEADERS),
    });
  });

  test('a store that cannot be asked is a 500 with the error id of its log line', async () => {
    const { token } = await issueTestSession(store.direct);
    await store.proxy.fault('access-denied');
    const response = await call(api(), event({ ...REQUEST, token }));
    const { error_id } = JSON.parse(response.body);
    expect(response).toMatchObject(answered({ ...HEADERS, 'X-Error-ID': error_id }));
    const { statusCode, headers, body } = response;
    expectErrorPayload({ statusCode, headers, body }, log, REQUEST);
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
    expect(await call(handler, eventV2({ ...REQUEST, token }))).toEqual({
      ...{ statusCode: 200, body: 'alice admin' },
    });
    const caller = { claims: expect.objectContaining({ sub: 'alice', role: 'admin' }), session };
    expect(seen).toEqual([caller, caller]);
  });

  test('is that of the own request, of many at once', async () => {
    const handler = api();
    const users = await Promise.all(
      Array.from({ length: 20 }, () => issueTestSession(store.direct, { sub: randomUUID() })),
    );
    const answers = await Promise.all(users.map(({ token }) => call(handler, eventV2({ token }))));
    expect(answers.map(({ body }) => body)).toEqual(users.map(({ session }) => session.sub));
  });

  test('costs one read of the store, and none without a good token', async () => {
    const { token } = await issueTestSession(store.direct);
    await call(api(), eventV2({ token }));
    expect(store.operations()).toEqual(['BatchGetItem']);
    await call(api(), eventV2({ token: `${token}x` }));
    await call(api(), eventV2());
    expect(store.operations()).toEqual(['BatchGetItem']);
    expect(log.entries().filter((entry) => '_aws' in entry)).toMatchObject([
      { 'check.passed': 1 },
      { 'check.refused': 1, 'refused.bad_signature': 1 },
    ]);
  });
});

describe('beside other middlewares', () => {
  const cors = httpCors({ origin: CORS['Access-Control-Allow-Origin'] });
  const errors = () => httpErrorHandler({ logger: false });

  test.each<[string, () => unknown]>([
    ['http-cors before', () => middy().use(cors).use(requireSession()).handler(notes)],
    [
      'http-error-handler after',
      () => middy().use(cors).use(requireSession()).use(errors()).handler(notes),
    ],
    [
      'http-error-handler before',
      () => middy().use(errors()).use(cors).use(requireSession()).handler(notes),
    ],
    [
      'http-cors after, and http-error-handler last',
      () => middy().use(requireSession()).use(cors).use(errors()).handler(notes),
    ],
    [
      'the normalizer first',
      () => middy().use(httpHeaderNormalizer()).use(cors).use(requireSession()).handler(notes),
    ],
    [
      'the normalizer last',
      () => middy().use(cors).use(requireSession()).use(httpHeaderNormalizer()).handler(notes),
    ],
    [
      'the normalizer with names in capitals',
      () =>
        middy()
          .use(httpHeaderNormalizer({ canonical: true }))
          .use(cors)
          .use([requireSession(), errors()])
          .handler(notes),
    ],
  ])('%s: the same answers, with the headers of http-cors', async (_, build) => {
    const { token, session } = await issueTestSession(store.direct, { sub: randomUUID() });
    const handler = build();
    expect(await call(handler, eventV2({ token }))).toMatchObject({
      statusCode: 200,
      headers: CORS,
    });
    expect(await call(handler, eventV2())).toEqual({
      ...{
        statusCode: 403,
        body: '{"detail":"Not authenticated"}',
        headers: { ...HEADERS, ...CORS },
      },
    });
    await endSession(store.direct, session);
    expect(await call(handler, eventV2({ token }))).toEqual({
      ...{ statusCode: 401, body: '{"detail":"Could not validate credentials"}' },
      headers: { ...challenge, ...CORS },
    });
    log.clear();
    await store.proxy.fault('access-denied');
    const failed = await call(handler, eventV2({ ...REQUEST, token }));
    expect(failed.headers).toMatchObject(CORS);
    const { 'Access-Control-Allow-Origin': __, ...headers } = failed.headers;
    expectErrorPayload({ ...failed, headers }, log, REQUEST);
  });

  test('an error of the API itself is left to whoever cares for it', async () => {
    const { token } = await issueTestSession(store.direct);
    const own = Object.assign(new Error('no such note'), { statusCode: 404, expose: true });
    const fails = async () => {
      throw own;
    };
    const alone = middy().use(requireSession()).handler(fails);
    await expect(call(alone, eventV2({ token }))).rejects.toBe(own);
    const handled = middy().use(errors()).use(requireSession()).handler(fails);
    expect(await call(handled, eventV2({ token }))).toMatchObject({
      statusCode: 404,
      body: 'no such note',
    });
    expect(log.outcomes()).toEqual([]);
  });

  test('a thrown value of no use is left alone as well', async () => {
    const { token } = await issueTestSession(store.direct);
    const trap = new Proxy(
      {},
      {
        getPrototypeOf: () => {
          throw new Error('trap');
        },
      },
    );
    for (const thrown of [null, undefined, 'a text', trap]) {
      const handler = middy()
        .use(requireSession())
        .handler(async () => {
          throw thrown;
        });
      const [outcome] = await Promise.allSettled([call(handler, eventV2({ token }))]);
      expect(outcome.status === 'rejected' && Object.is(outcome.reason, thrown)).toBe(true);
    }
  });

  test('the API’s answer to a refusal wins', async () => {
    const handler = middy()
      .use(requireSession())
      .onError((request) => {
        request.response = { statusCode: 302, headers: { Location: '/log-in' }, body: '' };
      })
      .handler(async () => ({ statusCode: 200 }));
    expect(await call(handler, eventV2())).toMatchObject({ statusCode: 302 });
  });
});

describe('what comes without a request', () => {
  test.each([null, {}, [], 'x', 7, { headers: null }, { requestContext: null }])(
    '%j gets 403',
    async (event) => {
      expect(await call(api(), event)).toMatchObject({ statusCode: 403 });
    },
  );
});

describe('options', () => {
  test('win over variables, name by name', async () => {
    process.env.SESSIONS_TABLE = 'another-table';
    process.env.JWT_ISSUER = 'https://other.example.com';
    const { token } = await issueTestSession(store.direct);
    expect((await call(api(), eventV2({ token }))).statusCode).toBe(401);
    const options = { sessionsTable: store.direct.table, jwtIssuer: '', jwtAudience: undefined };
    expect((await call(api(options), eventV2({ token }))).statusCode).toBe(200);
    process.env.JWT_AUDIENCE = 'notes';
    expect((await call(api(options), eventV2({ token }))).statusCode).toBe(401);
  });

  test('are read at the first request, and services are created once', async () => {
    const handler = api();
    process.env.SESSIONS_TABLE = store.direct.table;
    const { token } = await issueTestSession(store.direct);
    expect((await call(handler, eventV2({ token }))).statusCode).toBe(200);
    process.env.SESSIONS_TABLE = 'x';
    expect((await call(handler, eventV2({ token }))).statusCode).toBe(200);
    expect((await call(api(), eventV2({ token }))).statusCode).toBe(500);
  });

  test.each<[string, object, string]>([
    ['a table that is none', { sessionsTable: '!' }, 'SESSIONS_TABLE'],
    ['a name that nothing reads', { jwtAudiences: 'notes' }, 'jwtAudiences is no option'],
    ['a second source of keys', { jwtJwksUrl: 'https://id.example.com/jwks' }, 'JWT_JWKS_URL'],
    ['adopted sessions without their claim', { sessions: 'adopted' }, 'JWT_SESSION_CLAIM'],
    ['a number that is none', { idleTimeout: -1 }, 'IDLE_TIMEOUT'],
  ])('that are wrong are the 500: %s', async (_, options, problem) => {
    const { token } = await issueTestSession(store.direct);
    const { error, error_type } = expectErrorPayload(
      await call(api(options as SessionOptions), eventV2({ ...REQUEST, token })),
      log,
      REQUEST,
    );
    expect([error_type, error]).toEqual(['ConfigurationError', expect.stringContaining(problem)]);
  });

  test('say how much a client learns', async () => {
    const response = await call(
      api({ sessionsTable: '!', errorDetails: 'redacted' }),
      eventV2({ ...REQUEST, token: 'x' }),
    );
    const { error, error_id } = expectErrorPayload(response, log, REQUEST);
    expect(error).toBe(`See the log for error id ${error_id}`);
  });

  test('do not let a secret out that stands in place of its name', async () => {
    delete process.env.JWT_SECRET;
    const ssm = await startFakeSsm();
    process.env.AWS_ENDPOINT_URL_SSM = ssm.endpoint;
    try {
      ssm.fault = 'AccessDeniedException';
      const { token } = await issueTestSession(store.direct);
      const response = await call(
        api({ jwtSecretParameter: TEST_SECRET }),
        eventV2({ ...REQUEST, token }),
      );
      expectErrorPayload(response, log, REQUEST);
      expect([response.body, ...log.lines()].join()).not.toContain(TEST_SECRET);
    } finally {
      delete process.env.AWS_ENDPOINT_URL_SSM;
      await ssm.close();
    }
  });
});

test('adopted sessions with a time-out: the first request adopts, a late one touches, and both ends hold', async () => {
  const key = await makeKeyPair('ES256');
  const keys = await startKeyServer([{ ...key.jwk, kid: 'k1', alg: 'ES256', use: 'sig' }]);
  try {
    delete process.env.JWT_SECRET;
    const issuer = 'https://id.example.com';
    const handler = api({
      ...{ jwtJwksUrl: keys.url, jwtIssuer: issuer, sessions: 'adopted', jwtSessionClaim: 'sid' },
      idleTimeout: 600,
    });
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const [token, other] = await Promise.all(
      ['one', 'two'].map((sid) =>
        signWith(key, { iss: issuer, sub: 'zoe', sid, exp }, { kid: 'k1' }),
      ),
    );
    const statusOf = async (sent?: string) =>
      (await call(handler, eventV2({ token: sent }))).statusCode;
    const lastSeen = (secondsAgo: number) =>
      store.direct.client.send(
        new UpdateCommand({
          ...{ TableName: store.direct.table, Key: { sub: 'zoe', jti: 'one' } },
          UpdateExpression: 'SET last_seen = :time',
          ExpressionAttributeValues: { ':time': Date.now() - secondsAgo * 1_000 },
        }),
      );
    expect(await statusOf(token)).toBe(200);
    expect(await statusOf(token)).toBe(200);
    await lastSeen(300);
    expect(await statusOf(token)).toBe(200);
    expect(store.operations()).toEqual([
      ...['BatchGetItem', 'PutItem'],
      'BatchGetItem',
      ...['BatchGetItem', 'UpdateItem'],
    ]);
    await lastSeen(900);
    expect(await statusOf(token)).toBe(401);
    expect(await statusOf(other)).toBe(200);
    const rules = { maxAgeMs: 3_600_000, tokenIsSession: false };
    await adoptedSessions(store.direct, rules).end({ sub: 'zoe', jti: 'two', expires_at: exp });
    expect(await statusOf(other)).toBe(401);
    expect(log.outcomes().map(({ reason }) => reason)).toEqual(['session_idle', 'session_ended']);
  } finally {
    await keys.close();
  }
});

test('a context without a request id, and one that is empty, are enough', async () => {
  const { token } = await issueTestSession(store.direct);
  for (const context of [{}, { ...lambdaContext(), awsRequestId: undefined }])
    expect(await api()(eventV2({ token }) as never, context as never)).toMatchObject({
      statusCode: 200,
    });
});
