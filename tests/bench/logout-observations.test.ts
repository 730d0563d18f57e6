import { describe, expect, test } from '@jest/globals';
import type { LogoutScope } from '../../lib/auth/logout.ts';
import {
  evaluateCheck,
  evaluateRefresh,
  type IssuedToken,
  type Logout,
  type TokenFamily,
} from '../../support/logout-observations.ts';

const own: TokenFamily = { owner: 'the device that logs out', authTime: 1_000 };

function token(family: TokenFamily, known: Partial<IssuedToken> = {}): IssuedToken {
  const { authTime } = family;
  return {
    token: 'token',
    session: { sub: 'alice', jti: 'j', sid: 's', auth_time: authTime, expires_at: 9_999 },
    family,
    issuedAt: 0,
    refreshBegun: Infinity,
    refreshed: Infinity,
    ...known,
  };
}

const by = token(own);
const device = (authTime: number): TokenFamily => ({ owner: 'another device', authTime });

/** Sent at 100 and answered at 200, which on the clock of `auth_time` are 2,000 and 2,100. */
function logout(scope: LogoutScope, clockMarginMs = 0): Logout {
  return {
    scope,
    by,
    begun: 100,
    answered: 200,
    begunDate: 2_000,
    answeredDate: 2_100,
    clockMarginMs,
  };
}

/** What is said of a request from `begun` on, let in and refused. */
function verdicts(issued: IssuedToken, out: Logout, begun: number) {
  const judge = (status: 200 | 401) =>
    evaluateCheck({ issued, begun, answered: begun + 10, status }, out)?.split(':')[0];
  return [judge(200), judge(401)];
}

const MUST_BE_DEAD = ['let in', undefined];
const MUST_BE_ALIVE = [undefined, 'refused'];
const MAY_BE_EITHER = [undefined, undefined];

describe('a request is judged by what its logout promised', () => {
  test.each([
    { begun: 80, expected: MUST_BE_ALIVE },
    { begun: 90, expected: MAY_BE_EITHER },
    { begun: 200, expected: MAY_BE_EITHER },
    { begun: 200.1, expected: MUST_BE_DEAD },
  ])('of the very session, when it began at $begun', ({ begun, expected }) => {
    for (const scope of ['this', 'everywhere'] as const)
      expect(verdicts(by, logout(scope), begun)).toEqual(expected);
  });

  test.each<{ scope: LogoutScope; authTime: number; expected: unknown }>([
    { scope: 'this', authTime: 1_000, expected: MUST_BE_ALIVE },
    { scope: 'others', authTime: 2_000, expected: MUST_BE_DEAD },
    { scope: 'others', authTime: 2_001, expected: MAY_BE_EITHER },
    { scope: 'everywhere', authTime: 2_000, expected: MUST_BE_DEAD },
    { scope: 'everywhere', authTime: 2_100, expected: MAY_BE_EITHER },
    { scope: 'everywhere', authTime: 2_101, expected: MUST_BE_ALIVE },
  ])('$scope, of another session from $authTime', ({ scope, authTime, expected }) => {
    expect(verdicts(token(device(authTime)), logout(scope), 300)).toEqual(expected);
  });

  test.each<{ scope: LogoutScope; expected: unknown }>([
    { scope: 'this', expected: MUST_BE_DEAD },
    { scope: 'others', expected: MUST_BE_ALIVE },
    { scope: 'everywhere', expected: MUST_BE_DEAD },
  ])('$scope, of a token that its own session was refreshed to', ({ scope, expected }) => {
    expect(verdicts(token(own, { issuedAt: 150 }), logout(scope), 300)).toEqual(expected);
  });

  test('by the family it came from, whatever its row says', () => {
    const stray = { ...by.session, sid: 'lost', auth_time: 5_000 };
    const raced = token(device(1_000), { session: stray, issuedAt: 250 });
    expect(verdicts(raced, logout('everywhere'), 300)).toEqual(MUST_BE_DEAD);
  });

  test('with room for clocks that differ', () => {
    const out = logout('everywhere', 50);
    expect(verdicts(token(device(1_950)), out, 300)).toEqual(MUST_BE_DEAD);
    expect(verdicts(token(device(1_951)), out, 300)).toEqual(MAY_BE_EITHER);
    expect(verdicts(token(device(2_150)), out, 300)).toEqual(MAY_BE_EITHER);
    expect(verdicts(token(device(2_151)), out, 300)).toEqual(MUST_BE_ALIVE);
  });

  test('and by its own refresh: either while it is under way, dead once it has succeeded', () => {
    const refreshed = token(device(1_000), { refreshBegun: 300, refreshed: 320 });
    expect(verdicts(refreshed, logout('this'), 280)).toEqual(MUST_BE_ALIVE);
    expect(verdicts(refreshed, logout('this'), 310)).toEqual(MAY_BE_EITHER);
    expect(verdicts(refreshed, logout('this'), 321)).toEqual(MUST_BE_DEAD);
  });
});

describe('a refresh is judged likewise', () => {
  const judge = (old: IssuedToken, begun: number, succeeded: boolean) =>
    evaluateRefresh({ old, begun, answered: begun + 10, succeeded }, logout('others'))?.split(
      ':',
    )[0];

  test('a dead session must not be refreshed once the logout was answered', () => {
    const dead = token(device(1_000));
    expect(judge(dead, 200, true)).toBeUndefined();
    expect(judge(dead, 201, true)).toBe('refreshed');
    expect(judge(dead, 201, false)).toBeUndefined();
  });

  test('a kept session must be', () => {
    expect(judge(by, 201, true)).toBeUndefined();
    expect(judge(by, 201, false)).toBe('not refreshed');
  });
});
