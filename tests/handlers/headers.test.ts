import { describe, expect, test } from '@jest/globals';
import { findSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/answers.ts';
import { useAttackHarness } from '../support/attacks.ts';
import { eventV1, eventV2, FORMATS } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { issueTestSession, TEST_SECRET } from '../support/signing.ts';

const harness = useAttackHarness({ JWT_SECRET: TEST_SECRET });

const forbidden = (detail: string) => ({
  statusCode: 403,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: JSON.stringify({ detail }),
});
const NOT_AUTHENTICATED = forbidden('Not authenticated');
const OTHER_SCHEME = forbidden('Invalid authentication credentials');

/** Both endpoints for one header value; undefined for no header at all. */
async function answers(event: typeof eventV2, authorization: string | undefined) {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  return {
    logout: await invoke(harness.functions.logout, event({ headers })),
    me: await invoke(
      harness.functions.me,
      event({ method: 'GET', path: '/api/v1/auth/me', headers }),
    ),
  };
}

describe.each(FORMATS)('the header table, payload format %s', (_, event) => {
  // tests/lib/http/bearer.test.ts has every spelling.
  test.each([
    [undefined, NOT_AUTHENTICATED, NOT_AUTHENTICATED],
    ['', NOT_AUTHENTICATED, NOT_AUTHENTICATED],
    ['Bearer ', NOT_AUTHENTICATED, NOT_AUTHENTICATED],
    ['x', NOT_AUTHENTICATED, NOT_AUTHENTICATED],
    ['Basic abc', OTHER_SCHEME, OTHER_SCHEME],
    ['Bearer: x', OTHER_SCHEME, OTHER_SCHEME],
    ['bearer x', LOGGED_OUT, UNAUTHORIZED],
    ['Bearer x y', LOGGED_OUT, UNAUTHORIZED],
    ['Bearer  ', LOGGED_OUT, UNAUTHORIZED],
  ])('%j costs no store call', async (authorization, logout, me) => {
    expect(await answers(event, authorization)).toEqual({ logout, me });
    expect(harness.proxy.requests()).toEqual([]);
  });

  test.each([
    ['Authorization', 'Bearer'],
    ['authorization', 'bearer'],
    ['AUTHORIZATION', 'BEARER'],
    ['aUTHORIZATION', 'bEARER'],
  ])('a live token after "%s: %s " ends its session', async (name, scheme) => {
    const { token, session } = await issueTestSession(harness.store);
    const headers = { [name]: `${scheme} ${token}` };
    expect(await invoke(harness.functions.logout, event({ headers }))).toEqual(LOGGED_OUT);
    expect(await findSession(harness.store, session)).toBeNull();
  });

  test('a live token in the query string, a cookie or the body does not count: 403, and it lives on', async () => {
    const { token, session } = await issueTestSession(harness.store);
    const elsewhere = {
      ...event({ headers: { cookie: `token=${token}`, 'x-authorization': `Bearer ${token}` } }),
      rawQueryString: `access_token=${token}&authorization=Bearer%20${token}`,
      queryStringParameters: { access_token: token, Authorization: `Bearer ${token}` },
      multiValueQueryStringParameters: { Authorization: [`Bearer ${token}`] },
      cookies: [`token=${token}`, `Authorization=Bearer ${token}`],
      body: JSON.stringify({ token, access_token: token, authorization: `Bearer ${token}` }),
    };
    expect(await invoke(harness.functions.logout, elsewhere)).toEqual(NOT_AUTHENTICATED);
    expect(await invoke(harness.functions.me, elsewhere)).toEqual(NOT_AUTHENTICATED);
    expect(harness.proxy.requests()).toEqual([]);
    expect(await findSession(harness.store, session)).toEqual(session);
  });
});

describe('a repeated header', () => {
  test.each<[string, (one: string, other: string) => unknown]>([
    [
      '2.0, which joins them by a comma',
      (one, other) => eventV2({ headers: { authorization: `${one},${other}` } }),
    ],
    [
      '1.0, whose `headers` has the last value alone',
      (one, other) => ({
        ...eventV1({ headers: { Authorization: other } }),
        multiValueHeaders: { Authorization: [one, other] },
      }),
    ],
  ])('ends nothing, although both tokens are live: format %s', async (_, repeated) => {
    const [a, b] = [await issueTestSession(harness.store), await issueTestSession(harness.store)];
    const event = repeated(`Bearer ${a.token}`, `Bearer ${b.token}`);
    expect(await invoke(harness.functions.logout, event)).toEqual(LOGGED_OUT);
    expect(await invoke(harness.functions.me, event)).toEqual(UNAUTHORIZED);
    expect(harness.proxy.requests()).toEqual([]);
    for (const { session } of [a, b])
      expect(await findSession(harness.store, session)).toEqual(session);
  });

  test('ends nothing where the same token comes twice', async () => {
    const { token, session } = await issueTestSession(harness.store);
    const headers = { authorization: `Bearer ${token}`, Authorization: `Bearer ${token}` };
    expect(await invoke(harness.functions.logout, eventV2({ headers }))).toEqual(LOGGED_OUT);
    expect(await findSession(harness.store, session)).toEqual(session);
  });
});
