import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventV2 } from '../support/events.ts';
import { configureFunction, invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { issueTestSession } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let store: TestStore;
const log = useLog();
let logout: Parameters<typeof invoke>[0];
let me: Parameters<typeof invoke>[0];
beforeAll(async () => {
  store = await openTestStore();
  configureFunction(store);
  logout = (await import('../../handlers/logout.ts')).handler;
  me = (await import('../../handlers/me.ts')).handler;
});
afterAll(() => store.close());
const withToken = (token: string) => eventV2({ headers: { Authorization: `Bearer ${token}` } });

test('a line says when, in UTC, where and what', async () => {
  await invoke(me, withToken('garbage'));
  expect(log.outcomes()).toEqual([
    expect.objectContaining({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'true-logout',
      route: 'POST /api/v1/auth/logout',
      request_id: 'lambda-request',
      message: 'check.refused',
      reason: 'malformed',
    }),
  ]);
});

test('a line says who by pseudonyms, by which one can follow a user and a session', async () => {
  const subs = ['alice@example.com', 'alice@example.com', 'bob@example.com'];
  const issued = await Promise.all(subs.map((sub) => issueTestSession(store, { sub })));
  for (const { token } of issued) await invoke(logout, withToken(token));
  const [first, second, other] = log.outcomes();
  expect(first).toMatchObject({
    message: 'logout.ended',
    sub_hash: expect.stringMatching(/^[0-9a-f]{16}$/),
    jti_hash: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(second?.sub_hash).toBe(first?.sub_hash);
  expect(second?.jti_hash).not.toBe(first?.jti_hash);
  expect(other?.sub_hash).not.toBe(first?.sub_hash);
  const text = log.lines().join('\n');
  for (const { session } of issued) {
    expect(text).not.toContain(session.sub);
    expect(text).not.toContain(session.jti);
  }
});

test('what a client sends can’t make a line of its own', async () => {
  const { token, session } = await issueTestSession(store);
  // A row that can't be read makes an error, whose line quotes the path.
  const row = { ...session, auth_time: 'yesterday' };
  await store.client.send(new PutCommand({ TableName: store.table, Item: row }));
  const forged = JSON.stringify({ level: 'INFO', message: 'logout.ended' });
  const path = `/x\n${forged}\r\n\u2028${forged}`;
  const headers = { Authorization: `Bearer ${token}` };
  expect((await invoke(me, eventV2({ path, headers }))).statusCode).toBe(500);
  expect(log.outcomes()).toEqual([expect.objectContaining({ message: 'error', path })]);
});
