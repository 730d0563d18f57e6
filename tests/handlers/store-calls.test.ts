import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sessionId } from '../../lib/sessions/key.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { authorizerForms } from '../support/authorizer-events.ts';
import { eventV2 } from '../support/events.ts';
import { type FakeSsm, startFakeSsm } from '../support/fake-ssm.ts';
import {
  type FreshFunctions,
  functionStarter,
  variablesOf,
} from '../support/fault-matrix/process.ts';
import { lambdaContext } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, issueTestSession, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
let start: (variables: Readonly<Record<string, string>>) => FreshFunctions;
let variables: Readonly<Record<string, string>>;
let functions: FreshFunctions;
const log = useLog();

/** The functions as they are deployed: bundled, minified, without parts of the SDK. */
beforeAll(async () => {
  start = await functionStarter();
  variables = variablesOf(store.proxy.endpoint, store.direct.table);
  functions = start({ ...variables, JWT_SECRET: TEST_SECRET });
});

interface Live {
  readonly token: string;
  readonly session: Session;
}

const { method: post, path: logoutPath } = { method: 'POST', path: '/api/v1/auth/logout' };
const logout = (token: string, scope?: string) => ({
  name: 'logout' as const,
  event: eventV2({
    method: post,
    path: logoutPath,
    token,
    ...(scope ? { query: { scope } } : {}),
  }),
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

/** What each request asks of the store. Any other number, or order, is another price and another contract. */
test.each<[string, (live: Live) => { name: keyof FreshFunctions; event: unknown }, string[]]>([
  ['logout', ({ token }) => logout(token), ['DeleteItem']],
  ['logout with a forged token', ({ token }) => logout(forged(token)), []],
  ['logout with garbage', () => logout('garbage'), []],
  ['logout with a token too large', () => logout('x'.repeat(8_193)), []],
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
  ['me with a forged token', ({ token }) => get('me', forged(token)), []],
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
  log.stop();
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
  log.stop();
  expect(store.operations()).toEqual(expected);
});

test('sessions that began before SESSIONS_NOT_BEFORE are over, at no further call', async () => {
  const { token, session } = await issueTestSession(store.direct, { sub: crypto.randomUUID() });
  const startOf = (notBeforeMs: number) =>
    start({
      ...variables,
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
  log.stop();
  expect(new Set(store.operations())).toEqual(new Set(['BatchGetItem']));
});

describe('with the secret in SSM', () => {
  const NAME = '/service/dev/jwt-secret';
  let ssm: FakeSsm;
  beforeEach(async () => {
    ssm = await startFakeSsm();
    ssm.parameters.set(NAME, TEST_SECRET);
    functions = start({
      ...variables,
      AWS_ENDPOINT_URL_SSM: ssm.endpoint,
      JWT_SECRET_PARAMETER: NAME,
    });
  });
  afterEach(() => ssm.close());

  /** Answers the status of a logout, and whether its session is gone. */
  async function logoutOnce() {
    const { token, session } = await issueTestSession(store.direct, { sub: crypto.randomUUID() });
    const response = await functions.logout(logout(token).event, lambdaContext());
    const ended = (await findSession(store.direct, session)) === null;
    return { response, ended };
  }

  test('logouts are one question for all, beside one delete each', async () => {
    for (let i = 0; i < 3; i += 1)
      expect(await logoutOnce()).toMatchObject({ response: { statusCode: 200 }, ended: true });
    log.stop();
    expect(ssm.requests).toEqual([
      { target: 'AmazonSSM.GetParameter', Name: NAME, WithDecryption: true },
    ]);
    const operations = store.operations();
    expect(operations).toEqual(['DeleteItem', 'DeleteItem', 'DeleteItem']);
  });
});
