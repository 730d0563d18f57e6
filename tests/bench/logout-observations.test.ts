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

/** What an answer has to be: a 401, a 200, or either. */
type Verdict = 'dead' | 'alive' | 'either';

function verdictOn(issued: IssuedToken, out: Logout, begun: number): Verdict {
  const isWrong = (status: 200 | 401) =>
    evaluateCheck({ issued, begun, answered: begun + 10, status }, out) !== null;
  if (isWrong(200) && isWrong(401)) throw new Error('No answer is right');
  return isWrong(200) ? 'dead' : isWrong(401) ? 'alive' : 'either';
}

describe('a request is judged by what its logout promised', () => {
  const [THIS, OTHERS, EVERYWHERE] = [logout('this'), logout('others'), logout('everywhere')];
  const at = (authTime: number, known?: Partial<IssuedToken>) => token(device(authTime), known);
  const refreshed = at(1_000, { refreshBegun: 300, refreshed: 320 });
  const stray = { ...by.session, sid: 'lost', auth_time: 5_000 };

  test.each<[string, Logout, IssuedToken, begun: number, Verdict]>([
    ['this very session', THIS, by, 80, 'alive'],
    ['this very session', THIS, by, 90, 'either'],
    ['this very session', THIS, by, 200, 'either'],
    ['this very session', THIS, by, 200.1, 'dead'],
    ['the very session of everywhere', EVERYWHERE, by, 90, 'either'],
    ['the very session of everywhere', EVERYWHERE, by, 200.1, 'dead'],
    ['another session than this', THIS, at(1_000), 300, 'alive'],
    ['others', OTHERS, at(2_000), 300, 'dead'],
    ['others, begun later', OTHERS, at(2_001), 300, 'either'],
    ['everywhere', EVERYWHERE, at(2_000), 300, 'dead'],
    ['everywhere, begun meanwhile', EVERYWHERE, at(2_100), 300, 'either'],
    ['everywhere, begun later', EVERYWHERE, at(2_101), 300, 'alive'],
    ['refreshed from this very session', THIS, token(own, { issuedAt: 150 }), 300, 'dead'],
    ['refreshed from the kept one', OTHERS, token(own, { issuedAt: 150 }), 300, 'alive'],
    [
      'of its family, whatever its row says',
      EVERYWHERE,
      at(1_000, { session: stray }),
      300,
      'dead',
    ],
    ['before the margin of clocks', logout('everywhere', 50), at(1_950), 300, 'dead'],
    ['in the margin of clocks', logout('everywhere', 50), at(1_951), 300, 'either'],
    ['in the margin of clocks', logout('everywhere', 50), at(2_150), 300, 'either'],
    ['after the margin of clocks', logout('everywhere', 50), at(2_151), 300, 'alive'],
    ['before its own refresh', THIS, refreshed, 280, 'alive'],
    ['during its own refresh', THIS, refreshed, 310, 'either'],
    ['after its own refresh', THIS, refreshed, 321, 'dead'],
  ])('%s', (_, out, issued, begun, verdict) => {
    expect(verdictOn(issued, out, begun)).toBe(verdict);
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
