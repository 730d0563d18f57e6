import type { LogoutScope } from '../../lib/auth/logout.ts';
import {
  type Check,
  endByLogout,
  evaluateCheck,
  evaluateRefresh,
  type Logout,
  type Refresh,
  type Violation,
} from '../../support/logout-observations.ts';
import { quantile } from '../measure.ts';
import { table } from '../report.ts';

export const SCOPES: readonly LogoutScope[] = ['this', 'others', 'everywhere'];

/** The result of one logout. Times are milliseconds. */
export interface RoundResult {
  readonly scope: LogoutScope;
  readonly logoutMs: number;
  /** From the logout's answer to the answer of the first refusal of a request that began after it. */
  readonly gapMs: number;
  /** How long before the logout's answer the last request began that was let in; Infinity without one. */
  readonly closestMs: number;
  /** The time of each check that was let in, under the same load. */
  readonly letInMs: readonly number[];
  /** Requests that began after the answer, for sessions that had to be dead. */
  readonly dead: number;
  readonly deadLetIn: number;
  /** Of `dead`, for tokens that a refresh issued after the answer. */
  readonly raced: number;
  /** Requests let in after the answer, for sessions that the logout had to leave alone. */
  readonly alive: number;
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
 * Evaluates and counts the observations of a round.
 *
 * @throws Error when no request was refused: the round shows nothing
 */
export function sumUp({ logout, checks, refreshes }: Observations): RoundResult {
  const { scope, begun, answered } = logout;
  const letIn = checks.filter(({ status }) => status === 200);
  const endOf = ({ issued }: Check) => endByLogout(issued, logout);
  const after = checks.filter((each) => endOf(each).surely < Infinity && each.begun > answered);
  const refusals = after.filter(({ status }) => status === 401);
  if (refusals.length === 0)
    throw new Error(`No session that logout with scope ${scope} ended was ever refused`);
  const lastLetIn = letIn.filter((each) => endOf(each).surely < Infinity).map((each) => each.begun);
  const untouched = letIn.filter((each) => endOf(each).maybe === Infinity);
  return {
    scope,
    logoutMs: answered - begun,
    gapMs: Math.min(...refusals.map((check) => check.answered)) - answered,
    closestMs: answered - Math.max(...lastLetIn),
    letInMs: letIn.map((check) => check.answered - check.begun),
    dead: after.length,
    deadLetIn: after.length - refusals.length,
    raced: after.filter(({ issued }) => issued.issuedAt > answered).length,
    alive: untouched.filter((check) => check.answered > answered).length,
    refreshes: refreshes.length,
    violations: [
      ...checks.map((check) => evaluateCheck(check, logout)),
      ...refreshes.map((refresh) => evaluateRefresh(refresh, logout)),
    ].filter((violation) => violation !== null),
  };
}

/** A Markdown table, a line a scope; README.md says what its columns mean. */
export function gapTable(rounds: readonly RoundResult[]): string[] {
  const head = [
    ...['scope', 'rounds', 'gap p50', 'gap p99', 'gap max', 'check p50', 'check p99', 'logout p50'],
    ...['dead: asked', 'let in', 'of those raced', 'alive: let in', 'refreshes', 'closest'],
  ];
  const lines = SCOPES.flatMap((scope) => {
    const own = rounds.filter((round) => round.scope === scope);
    if (own.length === 0) return [];
    const count = (field: 'dead' | 'deadLetIn' | 'raced' | 'alive' | 'refreshes') =>
      own.reduce((sum, round) => sum + round[field], 0);
    const gaps = own.map(({ gapMs }) => gapMs);
    const checks = own.flatMap(({ letInMs }) => letInMs);
    const logouts = own.map(({ logoutMs }) => logoutMs);
    const cells = [
      scope,
      own.length,
      ...[0.5, 0.99, 1].map((share) => quantile(gaps, share).toFixed(1)),
      ...[0.5, 0.99].map((share) => quantile(checks, share).toFixed(1)),
      quantile(logouts, 0.5).toFixed(1),
      ...[count('dead'), count('deadLetIn'), count('raced'), count('alive'), count('refreshes')],
      Math.min(...own.map(({ closestMs }) => closestMs)).toFixed(1),
    ];
    return [cells];
  });
  return table(head, lines);
}
