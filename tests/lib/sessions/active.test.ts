import { describe, expect, test } from '@jest/globals';
import { isActive } from '../../../lib/sessions/active.ts';
import type { Session } from '../../../lib/sessions/session.ts';

const AUTH_MS = 1_767_225_600_000;
const END_MS = AUTH_MS + 60_000;
const session: Session = {
  sub: 'alice',
  jti: 'a',
  sid: 'a',
  auth_time: AUTH_MS,
  expires_at: END_MS / 1_000,
};

describe('a session is active', () => {
  test.each<[string, number, Parameters<typeof isActive>[1], boolean]>([
    ['until the millisecond before its end', END_MS - 1, undefined, true],
    ['no longer at its end', END_MS, undefined, false],
    ['beside a cutoff from before', END_MS - 1, { revoked_before: AUTH_MS - 1 }, true],
    ['no longer after a cutoff', END_MS - 1, { revoked_before: AUTH_MS }, false],
    [
      'after a cutoff that excepts its token family',
      END_MS - 1,
      { revoked_before: AUTH_MS, except_sid: 'a' },
      true,
    ],
    [
      'but not past its end, though its token family is excepted',
      END_MS,
      { revoked_before: AUTH_MS, except_sid: 'a' },
      false,
    ],
  ])('%s', (_, nowMs, cutoff, active) => {
    expect(isActive(session, cutoff, nowMs)).toBe(active);
  });

  test.each<[string, Partial<Session>]>([
    ['a refresh has replaced', { rotated_to: 'b', reusable_until: END_MS }],
    ['was ended', { ended_at: AUTH_MS }],
    ['was ended at a time that cannot be read', { ended_at: Number.NaN }],
  ])('never, once %s the session', (_, changes) => {
    expect(isActive({ ...session, ...changes }, undefined, AUTH_MS)).toBe(false);
  });

  test.each([
    ['a millisecond before', AUTH_MS + 1, false],
    ['in that very millisecond', AUTH_MS, true],
    ['a millisecond after', AUTH_MS - 1, true],
  ])('by SESSIONS_NOT_BEFORE, begun %s: %#', (_, notBeforeMs, active) => {
    expect(isActive(session, undefined, AUTH_MS, { notBeforeMs })).toBe(active);
    const spared = { revoked_before: AUTH_MS, except_sid: 'a' };
    expect(isActive(session, spared, AUTH_MS, { notBeforeMs })).toBe(active);
  });
});
