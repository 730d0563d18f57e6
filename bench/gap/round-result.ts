import type { LogOutScope } from '../../lib/auth/logout-scope.ts';
import { timeBudget } from '../../lib/shared/timeouts.ts';
import {
  type Check,
  endByLogOut,
  judgeCheck,
  judgeRefresh,
  type LogOut,
  type Refresh,
  type Violation,
} from './evidence.ts';

export const SCOPES: readonly LogOutScope[] = ['this', 'others', 'everywhere'];

/** What one log-out showed. Times are milliseconds. */
export interface RoundResult {
  readonly scope: LogOutScope;
  /** Between the log-out's request and its answer. */
  readonly logOutMs: number;
  /** From the log-out's answer to the first refusal's, of a request that began after the former. */
  readonly gapMs: number;
  /** How long before the log-out's answer the last request began that was still let in; if any was. */
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
  readonly logOut: LogOut;
  readonly checks: readonly Check[];
  readonly refreshes: readonly Refresh[];
}

/**
 * Judges and counts, with all that is known in the end.
 *
 * @throws Error when no request was refused: the round shows nothing
 */
export function sumUp({ logOut, checks, refreshes }: Observations): RoundResult {
  const { scope, begun, answered } = logOut;
  const mustBeDead = checks.filter(({ issued }) => endByLogOut(issued, logOut).surely < Infinity);
  const after = mustBeDead.filter((check) => check.begun > answered);
  const refusals = after.filter(({ status }) => status === 401);
  if (refusals.length === 0)
    throw new Error(`No session that log-out with scope ${scope} ended was ever refused`);
  const letIn = mustBeDead.filter(({ status }) => status === 200).map((check) => check.begun);
  return {
    scope,
    logOutMs: answered - begun,
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
        endByLogOut(check.issued, logOut).maybe === Infinity,
    ).length,
    refreshes: refreshes.length,
    violations: [
      ...checks.map((check) => judgeCheck(check, logOut)),
      ...refreshes.map((refresh) => judgeRefresh(refresh, logOut, timeBudget.attemptMs)),
    ].filter((violation) => violation !== null),
  };
}
