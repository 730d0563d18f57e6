import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { handler } from '../../handlers/authorizer.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { authorizerForms, STAGE_ARN } from '../support/authorizer-events.ts';
import { configureFunction, invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { encode, issueTestSession } from '../support/signing.ts';
import { useTestStore } from '../support/store.ts';

const store = useTestStore();
const log = useLog();

beforeAll(() => {
  configureFunction(store);
  process.env.AUTHORIZER_CLAIMS = 'role groups absent sub jti';
});
afterAll(() => {
  delete process.env.AUTHORIZER_CLAIMS;
});

/** What Lambda would tell the gateway: it reports a name and a message, and logs what else an error has. */
async function outcomeOf(event: unknown) {
  try {
    return { result: await invoke(handler, event) };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { error: { name: error.name, message: error.message, keys: Object.keys(error) } };
  }
}

const UNAUTHORIZED = { error: { name: 'Error', message: 'Unauthorized', keys: [] } };

/** No part of a token long enough to be of use may stand in the log. */
function expectNotLogged(token: string): void {
  const text = log.lines().join('\n');
  for (const part of token.split('.').filter(({ length }) => length > 16))
    expect(text).not.toContain(part);
}

describe.each(authorizerForms)('$name', ({ event, allowed, refused }) => {
  const REFUSED = refused === undefined ? UNAUTHORIZED : { result: refused };
  const outcome = (token: string) => outcomeOf(event(`Bearer ${token}`));

  test('a live token is let in, with its claims as flat strings', async () => {
    const claims = { role: 'admin', groups: ['a', 'b'], secret: 'not named' };
    const { token, session } = await issueTestSession(store, { claims });
    const context = { sub: 'alice', jti: session.jti, role: 'admin', groups: '["a","b"]' };
    expect(await outcomeOf(event(`bEARER ${token}`))).toEqual({ result: allowed(context) });
    expectNotLogged(token);
  });

  test('a token that was logged out is refused at the next request', async () => {
    const { token, session } = await issueTestSession(store);
    expect(await outcome(token)).not.toEqual(REFUSED);
    await endSession(store, session);
    expect(await outcome(token)).toEqual(REFUSED);
    expectNotLogged(token);
  });

  test('a token that was logged out everywhere is refused at the next request', async () => {
    const sub = randomUUID();
    const phone = await issueTestSession(store, { sub });
    const laptop = await issueTestSession(store, { sub });
    expect(await outcome(phone.token)).not.toEqual(REFUSED);
    await revokeMany(store, { session: laptop.session, cutoff: undefined }, 'everywhere');
    for (const { token } of [phone, laptop]) expect(await outcome(token)).toEqual(REFUSED);
  });

  test('an expired token is refused', async () => {
    const { token } = await issueTestSession(store, { ttlSeconds: -60 });
    expect(await outcome(token)).toEqual(REFUSED);
    expectNotLogged(token);
  });

  // tests/lib/http/bearer.test.ts has every header, and tests/handlers/token-attacks*.test.ts every token.
  test.each<[string, (live: string) => readonly string[]]>([
    ['a request without a token', () => []],
    ['an empty header', () => ['']],
    ['a scheme alone', () => ['Bearer ']],
    ['a forged token', (live) => [`Bearer ${live.replace(/[^.]*$/, encode('x'.repeat(32)))}`]],
    ['garbage', () => ['Bearer garbage']],
    ['a NUL', () => ['Bearer \u0000']],
    ['another scheme, with a live token', (live) => [`Basic ${live}`]],
    ['two live tokens', (live) => [`Bearer ${live}`, `Bearer ${live}`]],
    ['garbage and a live token', (live) => ['Bearer garbage', `Bearer ${live}`]],
    ['a live token and garbage', (live) => [`Bearer ${live}`, 'Bearer garbage']],
  ])('%s is refused', async (_, headers) => {
    const { token } = await issueTestSession(store);
    expect(await outcomeOf(event(...headers(token)))).toEqual(REFUSED);
    expectNotLogged(token);
  });

  test('a token in the query string or a cookie is none', async () => {
    const { token } = await issueTestSession(store);
    const elsewhere = {
      ...event(),
      queryStringParameters: { authorization: `Bearer ${token}`, access_token: token },
      cookies: [`authorization=Bearer ${token}`],
      identitySource: [`Bearer ${token}`],
    };
    expect(await outcomeOf(elsewhere)).toEqual(REFUSED);
    expectNotLogged(token);
  });
});

describe('an event of no known shape is never let in, and never logged', () => {
  let token: string;
  beforeAll(async () => {
    ({ token } = await issueTestSession(store));
  });

  /** Either refusal will do: no gateway sends these. */
  async function expectNoEntry(event: unknown): Promise<void> {
    const outcome = await outcomeOf(event);
    const appsync = { result: { isAuthorized: false, ttlOverride: 0 } };
    expect([UNAUTHORIZED, appsync]).toContainEqual(outcome);
    expectNotLogged(token);
  }

  test.each([null, undefined, {}, [], '', 'Bearer x', 0, true, { headers: null }])('%j', (event) =>
    expectNoEntry(event),
  );

  test.each([
    ...['', 'x', '*', '/prod/GET/', 'arn:aws:s3:::api1/prod/GET/'],
    'arn:aws:execute-api:us-east-1:123456789012:api1',
    'arn:aws:execute-api:us-east-1:123456789012:api1/prod',
    'arn:aws:execute-api:us-east-1:123456789012:*/prod/GET/',
    'arn:aws:execute-api:us-east-1:123456789012:api1/*/GET/',
    'arn:aws:execute-api:*:123456789012:api1/prod/GET/',
    'arn:aws:execute-api:us-east-1:?:api1/prod/GET/',
  ])('the method %j', async (methodArn) => {
    const authorization = `Bearer ${token}`;
    await expectNoEntry({ type: 'REQUEST', methodArn, headers: { authorization } });
    await expectNoEntry({ type: 'TOKEN', methodArn, authorizationToken: authorization });
  });

  test('a request of an HTTP API, and a TOKEN event with the token in its headers', async () => {
    const headers = { authorization: `Bearer ${token}` };
    await expectNoEntry({ version: '2.0', rawPath: '/', headers });
    await expectNoEntry({ type: 'TOKEN', methodArn: `${STAGE_ARN}/GET/`, headers });
  });

  test('anything that JSON can say, with a live token in it', async () => {
    const live = fc.constantFrom(token, `Bearer ${token}`);
    const other = fc.oneof(fc.jsonValue(), fc.constantFrom('1.0', '2', 2, 'TOKEN', 'request'));
    const notText = fc.oneof(fc.constant(null), fc.integer(), fc.array(live), fc.object());
    const headers = fc.oneof(live, other, fc.record({ authorization: live, Authorization: live }));
    const members = {
      version: other,
      type: other,
      headers,
      multiValueHeaders: headers,
      methodArn: fc.oneof(notText, fc.string()),
      authorizationToken: notText,
      requestContext: fc.oneof(other, fc.record({ http: other })),
      routeArn: fc.constant(`${STAGE_ARN}/GET/`),
    };
    const event = fc.record(members, { requiredKeys: [] });
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.anything(), live, event), expectNoEntry),
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
