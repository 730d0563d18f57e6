import { randomUUID } from 'node:crypto';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { newSession, signSession } from '../../lib/login/issue.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { configureFunction, invoke } from '../support/lambda.ts';
import { type CapturedLog, captureLog } from '../support/log.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/range.ts';
import { requestV2 } from '../support/requests.ts';
import { testSigner } from '../support/signing.ts';
import { openWiredStore, type WiredStore } from '../support/wired-store.ts';

const COUNT = 10_000;
const SUB = 'a user with many devices';

let store: WiredStore;
let log: CapturedLog;
let sessions: Session[];
beforeAll(async () => {
  store = await openWiredStore();
  configureFunction(store.direct);
  const nowMs = Date.now() - 60_000;
  sessions = Array.from({ length: COUNT }, (_, index) => ({
    ...newSession({ sub: SUB, ttlSeconds: 3_600, ip: '192.0.2.1' }, nowMs - index),
    user_agent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  }));
  await write(sessions);
}, 240_000);
afterAll(() => store.close());
beforeEach(async () => {
  await store.wire.clear();
  log = captureLog();
});
afterEach(() => log.stop());

/** Writes rows as fast as DynamoDB takes them, four batches at a time. */
async function write(items: readonly Session[]): Promise<void> {
  const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, index) =>
    items.slice(index * 25, (index + 1) * 25),
  );
  const writers = Array.from({ length: 4 }, async () => {
    for (let batch = batches.pop(); batch; batch = batches.pop()) {
      const requests = batch.map((Item) => ({ PutRequest: { Item } }));
      const { UnprocessedItems = {} } = await store.direct.client.send(
        new BatchWriteCommand({ RequestItems: { [store.direct.table]: requests } }),
      );
      expect(UnprocessedItems).toEqual({});
    }
  });
  await Promise.all(writers);
}

const operations = () => store.wire.requests().map(({ operation }) => operation);
const at = (index: number): Session => {
  const session = sessions[index];
  if (!session) throw new RangeError(`There is no session ${index}`);
  return session;
};

async function logout(session: Session, scope: string) {
  const { handler } = await import('../../handlers/logout.ts');
  const token = await signSession(testSigner, session);
  return invoke(
    handler,
    requestV2({ method: 'POST', path: '/api/v1/auth/logout', token, query: { scope } }),
  );
}

// In this order: the last ones end the sessions.
test('the list has pages, each in its order, with nothing twice', async () => {
  const { handler } = await import('../../handlers/list-sessions.ts');
  const token = await signSession(testSigner, at(150));
  const seen: { id: string; current: boolean }[] = [];
  let next: string | undefined;
  for (let page = 0; page < 3; page += 1) {
    await store.wire.clear();
    const query = { limit: '100', ...(next === undefined ? {} : { next }) };
    const response = await invoke(
      handler,
      requestV2({ method: 'GET', path: '/api/v1/auth/sessions', token, query }),
    );
    expect(response.statusCode).toBe(200);
    const body = JSON.parse(response.body);
    seen.push(...body.sessions);
    next = body.next;
    // All rows, 1 MB a query: some 2 to 3 MB.
    expect(operations().length).toBeLessThanOrEqual(6);
  }
  expect(seen.map(({ id }) => id)).toEqual(
    sessions.slice(0, 300).map(({ jti }) => Buffer.from(jti).toString('base64url')),
  );
  expect(seen.findIndex(({ current }) => current)).toBe(150);
});

test.each(['others', 'everywhere'])(
  'logout %s is as many calls as for a user with two sessions, and one write of the cutoff',
  async (scope) => {
    expect(await logout(at(0), scope)).toEqual(LOGGED_OUT);
    expect(operations()).toEqual(['BatchGetItem', 'UpdateItem', 'Query', 'BatchWriteItem']);
    for (const index of [1, 2, 4_999, COUNT - 1])
      expect(await findSession(store.direct, at(index))).toBeNull();
    expect((await findSession(store.direct, at(0))) !== null).toBe(scope === 'others');
  },
);

test('everybody is out, and a new log-in is alone', async () => {
  expect(await logout(at(0), 'everywhere')).toEqual(UNAUTHORIZED);
  const session = newSession({ sub: SUB, ttlSeconds: 60, jti: randomUUID() }, Date.now());
  await write([session]);
  const { handler } = await import('../../handlers/list-sessions.ts');
  const token = await signSession(testSigner, session);
  const response = await invoke(
    handler,
    requestV2({ method: 'GET', path: '/api/v1/auth/sessions', token }),
  );
  expect(JSON.parse(response.body)).toMatchObject({ sessions: [{ current: true }], next: null });
});
