import { randomUUID } from 'node:crypto';
import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isEndedBy, isLive, parseEpoch, parseOptionalEpoch } from '../../../lib/sessions/cutoff.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { logOutMany } from '../../../lib/sessions/revoke-many.ts';
import { findSession, rotateSession } from '../../../lib/sessions/sessions.ts';
import { issueTestSession } from '../../support/signing.ts';
import { openTestStore, type TestStore } from '../../support/store.ts';

describe('an epoch', () => {
  const session = { auth_time: 1_000, sid: 'chain' };

  test.each([
    ['a millisecond before the session began', 999, false],
    ['in the millisecond that the session began', 1_000, true],
    ['a millisecond after the session began', 1_001, true],
  ])('%s: ends it or not', (_, not_before, ended) => {
    expect(isEndedBy({ not_before }, session)).toBe(ended);
  });

  test('spares the chain that it keeps, and no other', () => {
    expect(isEndedBy({ not_before: 2_000, keep: 'chain' }, session)).toBe(false);
    for (const keep of ['Chain', 'chain ', 'other'])
      expect(isEndedBy({ not_before: 2_000, keep }, session)).toBe(true);
  });

  test('that was never written ends nothing', () => {
    expect(isEndedBy(undefined, session)).toBe(false);
  });
});

describe('a session is live', () => {
  const session = { sub: 'alice', jti: 'a', sid: 'a', auth_time: 1_000, expires_at: 60 };

  test.each([
    ['until the millisecond before its end', 59_999, undefined, true],
    ['no longer at its end', 60_000, undefined, false],
    ['beside an epoch from before it', 59_999, { not_before: 999 }, true],
    ['no longer after an epoch', 59_999, { not_before: 1_000 }, false],
    ['after an epoch that keeps its chain', 59_999, { not_before: 1_000, keep: 'a' }, true],
    ['but not past its end, though its chain is kept', 60_000, { not_before: 1, keep: 'a' }, false],
  ])('%s', (_, nowMs, epoch, live) => {
    expect(isLive(session, epoch, nowMs)).toBe(live);
  });
});

test('a user without an epoch’s row has no epoch', () => {
  expect(parseOptionalEpoch(undefined)).toBeUndefined();
});

test.each([[{ not_before: 0 }], [{ not_before: 253_402_300_799_999, keep: 'chain' }]])(
  'reads %j as it stands',
  (row) => {
    expect(parseEpoch({ sub: 'alice', jti: '#epoch', ...row })).toEqual(row);
  },
);

/** A user with a session and an epoch that somebody else wrote. */
async function withEpoch(store: TestStore, attributes: Record<string, AttributeValue>) {
  const sub = randomUUID();
  const { session } = await issueTestSession(store, { sub });
  await store.client.send(
    new PutItemCommand({
      TableName: store.table,
      Item: { sub: { S: sub }, jti: { S: '#epoch' }, ...attributes },
    }),
  );
  return session;
}

describe('an epoch that cannot be read', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore();
  });
  afterAll(() => store.close());

  test.each<[string, Record<string, AttributeValue>]>([
    ['without not_before', {}],
    ['with a not_before of text', { not_before: { S: '1' } }],
    ['with a fraction', { not_before: { N: '1.5' } }],
    ['with a not_before beyond all dates', { not_before: { N: '90000000000000000000' } }],
    ['with a not_before of null', { not_before: { NULL: true } }],
    ['with a keep that is no text', { not_before: { N: '1' }, keep: { N: '7' } }],
  ])('%s: lets nobody in, refresh or end others', async (_, attributes) => {
    const session = await withEpoch(store, attributes);
    await expect(findSession(store, session)).rejects.toThrow(TypeError);
    await expect(listSessions(store, session.sub, { limit: 10 })).rejects.toThrow(TypeError);
    const rotation = { jti: randomUUID(), expires_at: session.expires_at };
    await expect(rotateSession(store, session, rotation)).rejects.toThrow(TypeError);
  });

  test('with an unreadable not_before: log-out of many does not claim to have worked', async () => {
    const session = await withEpoch(store, { not_before: { S: '1' } });
    for (const scope of ['others', 'everywhere'] as const)
      await expect(logOutMany(store, session, scope)).rejects.toThrow();
  });
});
