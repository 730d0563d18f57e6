import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeJwt } from 'jose';
import { handler } from '../../handlers/authorizer.ts';
import { createSession } from '../../lib/login/create-session.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { authorizerForms, STAGE_ARN } from '../support/authorizer-events.ts';
import { configureFunction, lambdaContext } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { issueTestSession, signRaw } from '../support/signing.ts';
import { useTestStore } from '../support/store.ts';

const store = useTestStore();
const log = useLog();

beforeAll(() => {
  configureFunction(store);
  process.env.AUTHORIZER_CLAIMS = 'role groups email_verified level absent sub jti';
});
afterAll(() => {
  delete process.env.AUTHORIZER_CLAIMS;
});

const authorize = (event: unknown) => handler(event as never, lambdaContext());

/** What Lambda would tell the gateway. */
async function outcomeOf(event: unknown) {
  try {
    return { result: await authorize(event) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: { name: error.name, message: error.message, keys: Object.keys(error) } };
  }
}

/** Lambda reports a name and a message, and logs whatever else an error has of its own. */
const UNAUTHORIZED = { error: { name: 'Error', message: 'Unauthorized', keys: [] } };

/** No part of a token long enough to be of use may stand in the log. */
function expectNotLogged(token: string): void {
  const text = log.lines().join('\n');
  for (const part of token.split('.').filter(({ length }) => length > 16))
    expect(text).not.toContain(part);
}

describe.each(authorizerForms)('$name', ({ event, allowed, refused }) => {
  const REFUSED = refused === undefined ? UNAUTHORIZED : { result: refused };

  async function expectRefused(token: string, ...authorization: readonly string[]) {
    expect(await outcomeOf(event(...authorization))).toEqual(REFUSED);
    expectNotLogged(token);
  }

  test('a live token is let in, with its claims as flat strings', async () => {
    const { token, session } = await issueTestSession(store, {
      claims: {
        role: 'admin',
        groups: ['a', 'b'],
        email_verified: true,
        level: 3,
        secret: 'not named',
      },
    });
    expect(await authorize(event(`bEARER ${token}`))).toEqual(
      allowed({
        sub: 'alice',
        jti: session.jti,
        role: 'admin',
        groups: '["a","b"]',
        email_verified: 'true',
        level: '3',
      }),
    );
    expectNotLogged(token);
  });

  test('a token without a subject is known by its id', async () => {
    const { session: issued } = await issueTestSession(store, { sub: 'other', jti: 'no-sub' });
    const session = { ...issued, sub: '#jti:no-sub' };
    await createSession(store, session);
    const token = signRaw({ alg: 'HS256' }, { jti: 'no-sub', exp: session.expires_at });
    expect(await authorize(event(`Bearer ${token}`))).toEqual(
      allowed({ sub: '#jti:no-sub', jti: 'no-sub' }),
    );
    await endSession(store, issued);
    await endSession(store, session);
  });

  test('a token that was logged out is refused at the next request', async () => {
    const { token, session } = await issueTestSession(store);
    expect(await outcomeOf(event(`Bearer ${token}`))).not.toEqual(REFUSED);
    await endSession(store, session);
    await expectRefused(token, `Bearer ${token}`);
  });

  test('a token that was logged out everywhere is refused at the next request', async () => {
    const sub = randomUUID();
    const phone = await issueTestSession(store, { sub });
    const laptop = await issueTestSession(store, { sub });
    expect(await outcomeOf(event(`Bearer ${phone.token}`))).not.toEqual(REFUSED);
    await revokeMany(store, { session: laptop.session, cutoff: undefined }, 'everywhere');
    await expectRefused(phone.token, `Bearer ${phone.token}`);
    await expectRefused(laptop.token, `Bearer ${laptop.token}`);
  });

  test('an expired token is refused', async () => {
    const { token } = await issueTestSession(store, { ttlSeconds: -60 });
    await expectRefused(token, `Bearer ${token}`);
  });

  test('a forged token is refused', async () => {
    const { token } = await issueTestSession(store);
    const forged = signRaw(
      { alg: 'HS256' },
      decodeJwt(token),
      'another-secret-of-32-bytes-0123456789',
    );
    await expectRefused(forged, `Bearer ${forged}`);
  });

  test.each(['garbage', 'a.b.c', '..', '{}', '\u0000', 'Bearer', 'x y'])(
    'garbage is refused: %j',
    (token) => expectRefused(token, `Bearer ${token}`),
  );

  test('a request without a token is refused', async () => {
    await expectRefused('');
    await expectRefused('', '');
    await expectRefused('', 'Bearer');
    await expectRefused('', 'Bearer ');
  });

  test('another scheme is refused, also with a live token', async () => {
    const { token } = await issueTestSession(store);
    await expectRefused(token, `Basic ${token}`);
    await expectRefused(token, 'Basic YWxpY2U6c2VjcmV0');
  });

  test('a repeated header is refused, also with live tokens', async () => {
    const { token } = await issueTestSession(store);
    const { token: other } = await issueTestSession(store);
    await expectRefused(token, `Bearer ${token}`, `Bearer ${other}`);
    await expectRefused(token, 'Bearer garbage', `Bearer ${token}`);
    await expectRefused(token, `Bearer ${token}`, 'Bearer garbage');
  });
});

describe('where a token may not stand', () => {
  test('in the query string or a cookie it is none', async () => {
    const { token } = await issueTestSession(store);
    for (const { event, refused } of authorizerForms)
      expect(
        await outcomeOf({
          ...event(),
          queryStringParameters: { authorization: `Bearer ${token}`, access_token: token },
          cookies: [`authorization=Bearer ${token}`],
          identitySource: [`Bearer ${token}`],
        }),
      ).toEqual(refused === undefined ? UNAUTHORIZED : { result: refused });
    expectNotLogged(token);
  });

  test('a TOKEN event has it in one place, whatever headers it is given', async () => {
    const { token } = await issueTestSession(store);
    const headers = { Authorization: `Bearer ${token}` };
    const event = { type: 'TOKEN', methodArn: `${STAGE_ARN}/GET/`, headers };
    expect(await outcomeOf(event)).toEqual(UNAUTHORIZED);
  });
});

describe('an event of no known shape is never let in, and never logged', () => {
  /** Either refusal will do: no gateway sends these. */
  async function expectNoEntry(event: unknown, token: string): Promise<void> {
    const outcome = await outcomeOf(event);
    if ('error' in outcome) expect(outcome).toEqual(UNAUTHORIZED);
    else expect(outcome).toEqual({ result: { isAuthorized: false, ttlOverride: 0 } });
    expectNotLogged(token);
  }

  let token: string;
  beforeAll(async () => {
    ({ token } = await issueTestSession(store));
  });

  test.each([null, undefined, {}, [], '', 'Bearer x', 0, true, { headers: null }])('%j', (event) =>
    expectNoEntry(event, token),
  );

  test.each([
    '',
    'x',
    '*',
    '/prod/GET/',
    'arn:aws:s3:::api1/prod/GET/',
    'arn:aws:execute-api:us-east-1:123456789012:api1',
    'arn:aws:execute-api:us-east-1:123456789012:api1/prod',
    'arn:aws:execute-api:us-east-1:123456789012:*/prod/GET/',
    'arn:aws:execute-api:us-east-1:123456789012:api1/*/GET/',
    'arn:aws:execute-api:*:123456789012:api1/prod/GET/',
    'arn:aws:execute-api:us-east-1:?:api1/prod/GET/',
  ])('the method %j', async (methodArn) => {
    const headers = { Authorization: `Bearer ${token}` };
    await expectNoEntry({ type: 'REQUEST', methodArn, headers }, token);
    const authorizationToken = `Bearer ${token}`;
    await expectNoEntry({ type: 'TOKEN', methodArn, authorizationToken }, token);
  });

  test('a request of an HTTP API that has nothing to do with authorizers', () =>
    expectNoEntry(
      { version: '2.0', rawPath: '/', headers: { authorization: `Bearer ${token}` } },
      token,
    ));

  test('anything that JSON can say, with a live token in it', async () => {
    const live = fc.constantFrom(token, `Bearer ${token}`);
    const other = fc.oneof(fc.jsonValue(), fc.constantFrom('1.0', '2', 2, 'TOKEN', 'request'));
    const notText = fc.oneof(fc.constant(null), fc.integer(), fc.array(live), fc.object());
    const headers = fc.oneof(live, other, fc.record({ authorization: live, Authorization: live }));
    const event = fc.oneof(
      fc.jsonValue(),
      fc.anything(),
      live,
      fc.record(
        {
          version: other,
          type: other,
          headers,
          multiValueHeaders: headers,
          methodArn: fc.oneof(notText, fc.string()),
          authorizationToken: notText,
          requestContext: fc.oneof(other, fc.record({ http: other })),
          routeArn: fc.constant(`${STAGE_ARN}/GET/`),
        },
        { requiredKeys: [] },
      ),
    );
    await fc.assert(
      fc.asyncProperty(event, (value) => expectNoEntry(value, token)),
      { numRuns: 300 },
    );
  });

  test('a known shape with anything for its headers', async () => {
    const headers = fc.oneof(
      fc.anything(),
      fc.record({ authorization: fc.anything() }),
      fc.record({ authorization: fc.string().map((text) => `Bearer ${text}`) }),
    );
    const shape = fc.constantFrom(
      { version: '2.0', type: 'REQUEST' },
      { type: 'REQUEST', methodArn: `${STAGE_ARN}/GET/` },
    );
    await fc.assert(
      fc.asyncProperty(shape, headers, headers, async (known, one, many) => {
        const event = { ...known, headers: one, multiValueHeaders: many };
        expect(await outcomeOf(event)).toEqual(UNAUTHORIZED);
      }),
      { numRuns: 300 },
    );
  });
});
