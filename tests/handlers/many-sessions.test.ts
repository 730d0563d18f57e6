import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, expect, test } from '@jest/globals';
import { newSession, signSession } from '../../lib/login/issue.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/answers.ts';
import { eventV2 } from '../support/events.ts';
import { useFunctions } from '../support/fault-matrix/process.ts';
import { lambdaContext } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { testSigner } from '../support/signing.ts';

/** Three answers of a query, of 1 MB each. */
const COUNT = 600;
const USER_AGENT = 'x'.repeat(4_500);
const SUB = 'a user with many devices';

const store = useProxiedStore();
useLog();
// However slow this machine is, the deletion is tried.
const { functions } = useFunctions(store, {
  deleteRevokedMs: 60_000,
  attemptMs: 60_000,
  storeMs: 60_000,
});
let sessions: Session[];
beforeAll(async () => {
  const nowMs = Date.now() - 60_000;
  sessions = Array.from({ length: COUNT }, (_, index) => ({
    ...newSession({ sub: SUB, ttlSeconds: 3_600 }, nowMs - index),
    user_agent: USER_AGENT,
  }));
  for (let index = 0; index < COUNT; index += 25) await write(sessions.slice(index, index + 25));
});

async function write(items: readonly Session[]): Promise<void> {
  const requests = items.map((Item) => ({ PutRequest: { Item } }));
  const { UnprocessedItems = {} } = await store.direct.client.send(
    new BatchWriteCommand({ RequestItems: { [store.direct.table]: requests } }),
  );
  expect(UnprocessedItems).toEqual({});
}

const at = (index: number): Session => {
  const session = sessions[index];
  if (!session) throw new RangeError(`There is no session ${index}`);
  return session;
};

async function call(
  name: 'logout' | 'listSessions',
  session: Session,
  query: Record<string, string>,
) {
  const token = await signSession(testSigner, session);
  const method = name === 'logout' ? 'POST' : 'GET';
  const event = eventV2({ method, path: `/api/v1/auth/${name}`, token, query });
  return (await functions[name](event, lambdaContext(60_000))) as { readonly body: string };
}

// In this order: the last ones end the sessions.
test('the list has pages, each in its order, with nothing twice', async () => {
  const seen: { id: string; current: boolean }[] = [];
  let next: string | undefined;
  for (let page = 0; page < 3; page += 1) {
    await store.proxy.clear();
    const query = { limit: '100', ...(next === undefined ? {} : { next }) };
    const body = JSON.parse((await call('listSessions', at(150), query)).body);
    seen.push(...body.sessions);
    next = body.next;
    expect(store.operations()).toEqual(['BatchGetItem', 'Query', 'Query', 'Query']);
  }
  expect(seen.map(({ id }) => id)).toEqual(
    sessions.slice(0, 300).map(({ jti }) => Buffer.from(jti).toString('base64url')),
  );
  expect(seen.findIndex(({ current }) => current)).toBe(150);
});

test.each(['others', 'everywhere'])(
  'logout %s is as many calls as for a user with two sessions, and one write of the cutoff',
  async (scope) => {
    expect(await call('logout', at(0), { scope })).toEqual(LOGGED_OUT);
    expect(store.operations()).toEqual(['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']);
    for (const index of [1, 2, 300, COUNT - 1])
      expect(await findSession(store.direct, at(index))).toBeNull();
    expect((await findSession(store.direct, at(0))) !== null).toBe(scope === 'others');
  },
);

test('everybody is out, and a new log-in is alone', async () => {
  expect(await call('logout', at(0), { scope: 'everywhere' })).toEqual(UNAUTHORIZED);
  const session = newSession({ sub: SUB, ttlSeconds: 60 }, Date.now());
  await write([session]);
  expect(JSON.parse((await call('listSessions', session, {})).body)).toMatchObject({
    sessions: [{ current: true }],
    next: null,
  });
});
