import type { LogoutScope } from '../../lib/auth/logout.ts';
import { timeouts } from '../../lib/shared/timeouts.ts';
import {
  type Check,
  endByLogout,
  judgeCheck,
  judgeRefresh,
  type Logout,
  type Refresh,
  type Violation,
} from './evidence.ts';

export const SCOPES: readonly LogoutScope[] = ['this', 'others', 'everywhere'];

/** What one logout showed. Times are milliseconds. */
export interface RoundResult {
  readonly scope: LogoutScope;
  /** Between the logout's request and its answer. */
  readonly logoutMs: number;
  /** From the logout's answer to the first refusal's, of a request that began after the former. */
  readonly gapMs: number;
  /** How long before the logout's answer the last request began that was still let in; if any was. */
  readonly lastLetInMs: number | undefined;
  /** What each check took that was let in: the time of a check under this load. */
  readonly letInMs: readonly number[];
  /** Requests that began after the answer, for sessions that had to be dead. */
  readonly deadChecks: number;
  /** Of those, the ones that were let in: none of them may be. */
  readonly deadLetIn: number;
  /** Of the former, for tokens that a refresh brought forth after the answer. */
  readonly racedChecks: number;
  /** Requests answered after it, for sessions that it had to leave alive. */
  readonly liveChecks: number;
  readonly refreshes: number;
  readonly violations: readonly Violation[];
}

/** All that was seen while one user logged out. */
export interface Observations {
  readonly logout: Logout;
  readonly checks: readonly Check[];
  readonly refreshes: readonly Refresh[];
}

/**
 * Judges and counts, with all that is known in the end.
 *
 * @throws Error when no request was refused: the round shows nothing
 */
export function sumUp({ logout, checks, refreshes }: Observations): RoundResult {
  const { scope, begun, answered } = logout;
  const mustBeDead = checks.filter(({ issued }) => endByLogout(issued, logout).surely < Infinity);
  const after = mustBeDead.filter((check) => check.begun > answered);
  const refusals = after.filter(({ status }) => status === 401);
  if (refusals.length === 0)
    throw new Error(`No session that logout with scope ${scope} ended was ever refused`);
  const letIn = mustBeDead.filter(({ status }) => status === 200).map((check) => check.begun);
  return {
    scope,
    logoutMs: answered - begun,
    gapMs: Math.min(...refusals.map((check) => check.answered)) - answered,
    lastLetInMs: letIn.length === 0 ? undefined : answered - Math.max(...letIn),
    letInMs: checks
      .filter(({ status }) => status === 200)
      .map((check) => check.answered - check.begun),
    deadChecks: after.length,
    deadLetIn: after.length - refusals.length,
    racedChecks: after.filter(({ issued }) => issued.issuedAt > answered).length,
    liveChecks: checks.filter(
      (check) =>
        check.status === 200 &&
        check.answered > answered &&
        endByLogout(check.issued, logout).maybe === Infinity,
    ).length,
    refreshes: refreshes.length,
    violations: [
      ...checks.map((check) => judgeCheck(check, logout)),
      ...refreshes.map((refresh) => judgeRefresh(refresh, logout, timeouts.attemptMs)),
    ].filter((violation) => violation !== null),
  };
}
