import { expect, test } from '@jest/globals';
import { sessionId } from '../../lib/sessions/key.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { authorizerForms } from '../support/authorizer-events.ts';
import { eventV2 } from '../support/events.ts';
import { startFakeSsm } from '../support/fake-ssm.ts';
import { type FreshFunctions, useFunctions } from '../support/fault-matrix/process.ts';
import { lambdaContext } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, issueTestSession, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
useLog();
/** The functions as they are deployed: bundled, minified, without parts of the SDK. */
const { functions, start } = useFunctions(store);

interface Live {
  readonly token: string;
  readonly session: Session;
}

const logout = (token: string, scope?: string) => ({
  name: 'logout' as const,
  event: eventV2({ token, ...(scope ? { query: { scope } } : {}) }),
});
const authorizer = (token: string) => ({
  name: 'authorizer' as const,
  event: authorizerForms[0]?.event(`Bearer ${token}`),
});
const get = (name: 'me' | 'listSessions', token: string) => ({
  name,
  event: eventV2({ method: 'GET', path: `/api/v1/auth/${name}`, token }),
});
const forged = (token: string) =>
  `${token.slice(0, token.lastIndexOf('.') + 1)}${encode('x'.repeat(32))}`;

/** What each request asks of the store; tests/handlers/token-attacks*.test.ts have what asks nothing. Any other number, or order, is another price and another contract. */
test.each<[string, (live: Live) => { name: keyof FreshFunctions; event: unknown }, string[]]>([
  ['logout', ({ token }) => logout(token), ['DeleteItem']],
  [
    'logout of others',
    ({ token }) => logout(token, 'others'),
    ['BatchGetItem', 'UpdateItem', 'Query'],
  ],
  [
    'logout everywhere',
    ({ token }) => logout(token, 'everywhere'),
    ['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem'],
  ],
  ['logout of others with a forged token', ({ token }) => logout(forged(token), 'others'), []],
  ['me', ({ token }) => get('me', token), ['BatchGetItem']],
  ['the list', ({ token }) => get('listSessions', token), ['BatchGetItem', 'Query']],
  ['the list with a forged token', ({ token }) => get('listSessions', forged(token)), []],
  ['the authorizer', ({ token }) => authorizer(token), ['BatchGetItem']],
  ['the authorizer with a forged token', ({ token }) => authorizer(forged(token)), []],
  [
    'the end of a listed session',
    ({ token, session }) => ({
      name: 'deleteSession',
      event: eventV2({
        method: 'DELETE',
        path: '/api/v1/auth/sessions/x',
        token,
        id: sessionId(session),
      }),
    }),
    ['BatchGetItem', 'BatchGetItem', 'DeleteItem'],
  ],
])('%s', async (_, request, expected) => {
  const live = await issueTestSession(store.direct, { sub: crypto.randomUUID() });
  const { name, event } = request(live);
  await functions[name](event, lambdaContext()).catch((error: Error) => {
    if (error.message !== 'Unauthorized') throw error; // how an authorizer says no
  });
  expect(store.operations()).toEqual(expected);
});

test.each([
  [
    'deleted, and one read more',
    (session: Session) => endSession(store.direct, session),
    ['BatchGetItem', 'DeleteItem', 'BatchGetItem'],
  ],
  [
    'ended by a cutoff',
    (session: Session) => revokeMany(store.direct, { session, cutoff: undefined }, 'everywhere'),
    ['BatchGetItem', 'DeleteItem'],
  ],
])('check and logout cost as of a live session: of one %s', async (_, end, expected) => {
  const { token, session } = await issueTestSession(store.direct, { sub: crypto.randomUUID() });
  await end(session);
  await functions.me(get('me', token).event, lambdaContext());
  await functions.logout(logout(token).event, lambdaContext());
  expect(store.operations()).toEqual(expected);
});

test('sessions that began before SESSIONS_NOT_BEFORE are over, at no further call', async () => {
  const { token, session } = await issueTestSession(store.direct, { sub: crypto.randomUUID() });
  const startOf = (notBeforeMs: number) =>
    start({
      JWT_SECRET: TEST_SECRET,
      SESSIONS_NOT_BEFORE: new Date(notBeforeMs).toISOString(),
    });
  const [begun, over] = [startOf(session.auth_time), startOf(session.auth_time + 1)];
  const { event } = get('me', token);
  expect(await begun.me(event, lambdaContext())).toMatchObject({ statusCode: 200 });
  expect(await over.me(event, lambdaContext())).toMatchObject({ statusCode: 401 });
  expect(await over.listSessions(get('listSessions', token).event, lambdaContext())).toMatchObject({
    statusCode: 401,
  });
  await expect(over.authorizer(authorizer(token).event, lambdaContext())).rejects.toThrow(
    'Unauthorized',
  );
  expect(new Set(store.operations())).toEqual(new Set(['BatchGetItem']));
});

test('with the secret in SSM, logouts are one question for all, beside one delete each', async () => {
  const name = '/service/dev/jwt-secret';
  const ssm = await startFakeSsm();
  try {
    ssm.parameters.set(name, TEST_SECRET);
    const keys = { AWS_ENDPOINT_URL_SSM: ssm.endpoint, JWT_SECRET_PARAMETER: name };
    const functions = start(keys);
    for (let i = 0; i < 3; i += 1) {
      const { token, session } = await issueTestSession(store.direct, { sub: crypto.randomUUID() });
      const response = await functions.logout(logout(token).event, lambdaContext());
      expect(response).toMatchObject({ statusCode: 200 });
      expect(await findSession(store.direct, session)).toBeNull();
    }
    expect(ssm.requests).toEqual([
      { target: 'AmazonSSM.GetParameter', Name: name, WithDecryption: true },
    ]);
    expect(store.operations()).toEqual(['DeleteItem', 'DeleteItem', 'DeleteItem']);
  } finally {
    await ssm.close();
  }
});
