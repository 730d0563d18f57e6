import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findSession } from '../../lib/sessions/sessions.ts';
import { eventV1, eventV2 } from '../support/events.ts';
import { configureFunction, invoke } from '../support/lambda.ts';
import { issueTestSession } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let store: TestStore;
let handler: typeof import('../../handlers/logout.ts').handler;

beforeAll(async () => {
  store = await openTestStore();
  configureFunction(store);
  ({ handler } = await import('../../handlers/logout.ts'));
});
afterAll(() => store.close());

const success = {
  statusCode: 200,
  headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  body: '{"message":"Successfully logged out"}',
};

test.each([
  ['2.0', eventV2],
  ['1.0', eventV1],
])('ends the session of a live token (payload format %s)', async (_, event) => {
  const { token, session } = await issueTestSession(store);
  const response = await invoke(handler, event({ headers: { Authorization: `Bearer ${token}` } }));
  expect(response).toEqual(success);
  expect(await findSession(store, session)).toBeNull();
});
