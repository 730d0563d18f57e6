import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { rotateSession } from '../../../lib/login/create-session.ts';
import { authTimeAfter, isRevokedBy, parseCutoff } from '../../../lib/sessions/cutoff.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { putRow } from '../../support/session-rows.ts';
import { issueTestSession } from '../../support/signing.ts';
import { type TestStore, useTestStore } from '../../support/store.ts';

describe('a cutoff', () => {
  const session = { auth_time: 1_000, sid: 'family' };

  test('spares the token family that it excepts, and no other', () => {
    expect(isRevokedBy({ revoked_before: 2_000, except_sid: 'family' }, session)).toBe(false);
    for (const except_sid of ['Family', 'family ', 'other'])
      expect(isRevokedBy({ revoked_before: 2_000, except_sid }, session)).toBe(true);
  });
});

describe('a session that begins now', () => {
  test.each([
    ['without a cutoff, at the clock', undefined, 5_000],
    ['after an earlier cutoff, at the clock', { revoked_before: 4_999 }, 5_000],
    ['after a cutoff of this millisecond', { revoked_before: 5_000 }, 5_001],
    ['after a cutoff ahead of the clock', { revoked_before: 9_000 }, 9_001],
  ])('authenticates %s', (_, cutoff, expected) => {
    expect(authTimeAfter(cutoff, 5_000)).toBe(expected);
    expect(isRevokedBy(cutoff, { auth_time: expected, sid: 'new' })).toBe(false);
  });
});

test('a user without a cutoff’s row has no cutoff', () => {
  expect(parseCutoff(undefined)).toBeUndefined();
});

test.each([
  [{ revoked_before: 0 }],
  [{ revoked_before: 253_402_300_799_999, except_sid: 'family' }],
])('reads %j as it stands', (row) => {
  expect(parseCutoff({ sub: 'alice', jti: '#cutoff', ...row })).toEqual(row);
});

/** A user with a session and a cutoff that somebody else wrote. */
async function withCutoff(store: TestStore, attributes: Record<string, AttributeValue>) {
  const sub = randomUUID();
  const { session } = await issueTestSession(store, { sub });
  await putRow(store, sub, '#cutoff', attributes);
  return session;
}

describe('a cutoff that cannot be read', () => {
  const store = useTestStore();

  test.each<[string, Record<string, AttributeValue>]>([
    ['without revoked_before', {}],
    ['with a revoked_before of text', { revoked_before: { S: '1' } }],
    ['with a fraction', { revoked_before: { N: '1.5' } }],
    ['with a revoked_before beyond all dates', { revoked_before: { N: '90000000000000000000' } }],
    ['with a revoked_before of null', { revoked_before: { NULL: true } }],
    ['with a except_sid that is no text', { revoked_before: { N: '1' }, except_sid: { N: '7' } }],
  ])('%s: lets nobody in, refresh or end others', async (_, attributes) => {
    const session = await withCutoff(store, attributes);
    await expect(findSession(store, session)).rejects.toThrow(TypeError);
    await expect(listSessions(store, session.sub, { limit: 10 })).rejects.toThrow(TypeError);
    const rotation = { jti: randomUUID(), expires_at: session.expires_at };
    await expect(rotateSession(store, session, rotation)).rejects.toThrow(TypeError);
  });

  test('with an unreadable revoked_before: logout of many does not claim to have worked', async () => {
    const session = await withCutoff(store, { revoked_before: { S: '1' } });
    for (const scope of ['others', 'everywhere'] as const)
      await expect(revokeMany(store, { session, cutoff: undefined }, scope)).rejects.toThrow();
  });
});
