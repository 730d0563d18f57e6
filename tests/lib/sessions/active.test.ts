import { describe, expect, test } from '@jest/globals';
import { isActive, MAX_AUTH_TIME_AHEAD_MS } from '../../../lib/sessions/active.ts';
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

describe('an auth_time ahead of the clock', () => {
  const at = (auth_time: number) => ({ ...session, auth_time, expires_at: END_MS / 1_000 + 7_200 });

  test('is taken up to 5 minutes, and refused by name beyond', () => {
    const latest = AUTH_MS + MAX_AUTH_TIME_AHEAD_MS;
    expect(MAX_AUTH_TIME_AHEAD_MS).toBe(5 * 60_000);
    expect(isActive(at(latest), undefined, AUTH_MS)).toBe(true);
    expect(() => isActive(at(latest + 1), undefined, AUTH_MS)).toThrow(
      expect.objectContaining({ name: 'InvalidSessionError', attribute: 'auth_time' }),
    );
  });

  test('is measured from a cutoff ahead of the clock, as the next session begins after the cutoff', () => {
    const cutoff = { revoked_before: AUTH_MS + 3_600_000 };
    const latest = cutoff.revoked_before + 1 + MAX_AUTH_TIME_AHEAD_MS;
    expect(isActive(at(cutoff.revoked_before + 1), cutoff, AUTH_MS)).toBe(true);
    expect(isActive(at(latest), cutoff, AUTH_MS)).toBe(true);
    expect(() => isActive(at(latest + 1), cutoff, AUTH_MS)).toThrow('auth_time');
  });
});
