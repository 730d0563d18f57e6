import { describe, expect, test } from '@jest/globals';
import { findSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, NOT_AUTHENTICATED, OTHER_SCHEME, UNAUTHORIZED } from '../support/answers.ts';
import { useAttackHarness } from '../support/attacks.ts';
import { eventV1, eventV2, FORMATS } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { issueTestSession, TEST_SECRET } from '../support/signing.ts';

const harness = useAttackHarness({ JWT_SECRET: TEST_SECRET });

/** What both endpoints answer to an event. */
const answersTo = async (event: unknown) => ({
  logout: await invoke(harness.functions.logout, event),
  me: await invoke(harness.functions.me, event),
});

describe.each(FORMATS)('payload format %s', (_, event) => {
  // tests/lib/http/bearer.test.ts has every spelling.
  test.each([
    [undefined, NOT_AUTHENTICATED, NOT_AUTHENTICATED],
    ['Bearer ', NOT_AUTHENTICATED, NOT_AUTHENTICATED],
    ['Basic abc', OTHER_SCHEME, OTHER_SCHEME],
    ['bearer x', LOGGED_OUT, UNAUTHORIZED],
  ])('%j costs no store call', async (authorization, logout, me) => {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
    expect(await answersTo(event({ headers }))).toEqual({ logout, me });
    expect(harness.proxy.requests()).toEqual([]);
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
    expect(await answersTo(elsewhere)).toEqual({
      ...{ logout: NOT_AUTHENTICATED, me: NOT_AUTHENTICATED },
    });
    expect(harness.proxy.requests()).toEqual([]);
    expect(await findSession(harness.store, session)).toEqual(session);
  });
});

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
])('a repeated header ends nothing, although both tokens are live: format %s', async (_, event) => {
  const [a, b] = [await issueTestSession(harness.store), await issueTestSession(harness.store)];
  const repeated = event(`Bearer ${a.token}`, `Bearer ${b.token}`);
  expect(await answersTo(repeated)).toEqual({ logout: LOGGED_OUT, me: UNAUTHORIZED });
  expect(harness.proxy.requests()).toEqual([]);
  for (const { session } of [a, b])
    expect(await findSession(harness.store, session)).toEqual(session);
});
