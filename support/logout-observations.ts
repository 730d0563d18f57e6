import type { LogoutScope } from '../lib/auth/logout.ts';
import type { Session } from '../lib/sessions/session.ts';

/**
 * A log-in, with the tokens that followed from it, as this process made them: a refresh that lost `sid` or
 * `auth_time` on the way would show.
 */
export interface TokenFamily {
  /** The client that logged in, for a violation's message. */
  readonly owner: string;
  /** When the user authenticated, epoch milliseconds. */
  readonly authTime: number;
}

/** A token, and when its refresh may have ended it. Instants are of `performance.now()`, in milliseconds. */
export interface IssuedToken {
  readonly token: string;
  readonly session: Session;
  readonly family: TokenFamily;
  /** When the token was issued. */
  readonly issuedAt: number;
  /** When its own refresh was begun: from then on it may be dead. */
  refreshBegun: number;
  /** When its own refresh had succeeded: from then on it is dead. */
  refreshed: number;
}

/** A logout that was sent. Both answers are Infinity while there is none. */
export interface Logout {
  readonly scope: LogoutScope;
  readonly by: IssuedToken;
  readonly begun: number;
  answered: number;
  /** The same two instants on the clock that `auth_time` is of, in epoch milliseconds. */
  readonly begunDate: number;
  answeredDate: number;
  /** How far the service's clock may be from ours, in milliseconds. */
  readonly clockMarginMs: number;
}

/** A request to a protected endpoint: from before it was sent until its answer was there. */
export interface Check {
  readonly issued: IssuedToken;
  readonly begun: number;
  readonly answered: number;
  readonly status: 200 | 401;
}

/** A refresh: from before the store was asked until it had answered. */
export interface Refresh {
  readonly old: IssuedToken;
  readonly begun: number;
  readonly answered: number;
  readonly succeeded: boolean;
}

/** A wrong answer, as one line for whoever has to find out why. */
export type Violation = string;

/** From when a token may be dead, and from when it must be. */
export interface End {
  readonly maybe: number;
  readonly surely: number;
}

/**
 * When a logout ends a token. With scope `this` the whole family of the token ends, refreshed tokens included.
 * A session whose user authenticated while another logout was on its way may be ended by it or not: the
 * cutoff's instant lies somewhere between its request and its answer.
 */
export function endByLogout({ family }: IssuedToken, logout: Logout): End {
  const { scope, by, begun, answered, begunDate, answeredDate, clockMarginMs } = logout;
  if (scope === 'this' && family === by.family) return { maybe: begun, surely: answered };
  if (scope === 'this' || (scope === 'others' && family === by.family)) return NEVER;
  return {
    maybe: family.authTime - clockMarginMs > answeredDate ? Infinity : begun,
    surely: family.authTime + clockMarginMs <= begunDate ? answered : Infinity,
  };
}

/** Evaluates a check, once the logout has been answered. */
export function evaluateCheck(check: Check, logout: Logout): Violation | null {
  const { issued, begun, answered, status } = check;
  const byLogout = endByLogout(issued, logout);
  const maybe = Math.min(byLogout.maybe, issued.refreshBegun);
  const surely = Math.min(byLogout.surely, issued.refreshed);
  if (status === 200 && begun > surely)
    return `let in: ${describe(issued, logout)}, by a request that began ${ms(begun - surely)} after its session was dead`;
  if (status === 401 && answered < maybe)
    return `refused: ${describe(issued, logout)}, ${ms(answered - logout.begun)} after the logout was sent; nothing had ended it`;
  return null;
}

/** Evaluates a refresh likewise. */
export function evaluateRefresh(
  { old, begun, answered, succeeded }: Refresh,
  logout: Logout,
): Violation | null {
  const { maybe, surely } = endByLogout(old, logout);
  if (succeeded && begun > surely)
    return `refreshed: ${describe(old, logout)}, ${ms(begun - surely)} after its session was dead`;
  if (!succeeded && answered < maybe)
    return `not refreshed: ${describe(old, logout)}; nothing had ended it`;
  return null;
}

const NEVER: End = { maybe: Infinity, surely: Infinity };

function describe({ family, session }: IssuedToken, { scope, begunDate }: Logout): string {
  const authenticated = ms(family.authTime - begunDate);
  return `scope ${scope}, a token of ${family.owner} (jti ${session.jti}, authenticated ${authenticated} after the logout was sent)`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
