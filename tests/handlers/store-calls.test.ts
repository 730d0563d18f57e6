/** What requests ask of the store, as the functions are deployed: bundled, minified, without parts of the SDK. */
import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { sessionId } from '../../lib/sessions/key.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import type { FunctionName } from '../../support/bundle-functions.ts';
import { askFunction as ask } from '../support/ask-function.ts';
import type { TestRequest } from '../support/events.ts';
import { useFunctions } from '../support/fault-matrix/process.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, issueTestSession, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
useLog();
const { functions, start } = useFunctions(store);

const begin = () => issueTestSession(store.direct, { sub: randomUUID() });
const forged = (token: string) => token.replace(/[^.]*$/, encode('x'.repeat(32)));
const withScope = (scope: string): TestRequest => ({ query: { scope } });

/** Any other number, or order, is another price and another contract. */
test.each<[FunctionName, TestRequest, string[]]>([
  ['logout', {}, ['DeleteItem']],
  ['logout', withScope('others'), ['BatchGetItem', 'UpdateItem', 'Query']],
  ['logout', withScope('everywhere'), ['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']],
  ['me', {}, ['BatchGetItem']],
  ['listSessions', {}, ['BatchGetItem', 'Query']],
  ['authorizer', {}, ['BatchGetItem']],
  ['deleteSession', {}, ['BatchGetItem', 'BatchGetItem', 'DeleteItem']],
])('%s %j costs %j, and nothing with a forged token', async (name, request, expected) => {
  const { token, session } = await begin();
  const own = { ...request, id: sessionId(session) };
  await ask(functions, name, forged(token), own);
  expect(store.operations()).toEqual([]);
  await ask(functions, name, token, own);
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
  const { token, session } = await begin();
  await end(session);
  await ask(functions, 'me', token);
  await ask(functions, 'logout', token);
  expect(store.operations()).toEqual(expected);
});

test('sessions that began before SESSIONS_NOT_BEFORE are over, at no further call', async () => {
  const { token, session } = await begin();
  const startAt = (notBeforeMs: number) => {
    const SESSIONS_NOT_BEFORE = new Date(notBeforeMs).toISOString();
    return start({ JWT_SECRET: TEST_SECRET, SESSIONS_NOT_BEFORE });
  };
  const over = startAt(session.auth_time + 1);
  expect((await ask(startAt(session.auth_time), 'me', token)).status).toBe(200);
  for (const name of ['me', 'listSessions', 'authorizer'] as const)
    expect((await ask(over, name, token)).status).toBe(401);
  expect(new Set(store.operations())).toEqual(new Set(['BatchGetItem']));
});
