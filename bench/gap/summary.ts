import { quantile } from '../statistics.ts';
import { type RoundResult, SCOPES } from './round-result.ts';
import type { Rounds } from './rounds.ts';

/** Times are milliseconds. */
export interface ScopeSummary {
  readonly scope: string;
  readonly rounds: number;
  readonly logout: Quantiles;
  /** From the logout's answer to the first refusal's. */
  readonly gap: Quantiles;
  /** A check that is let in, under the same load: what a gap of nothing would take. */
  readonly check: Quantiles;
  /** The least time between a request that was let in and the logout's answer after it. */
  readonly closest: number | null;
  readonly deadChecks: number;
  readonly deadLetIn: number;
  readonly racedChecks: number;
  readonly liveChecks: number;
  readonly refreshes: number;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The rounds of each scope. A scope without a round is left out. */
export function summaries({ rounds }: Rounds): ScopeSummary[] {
  return SCOPES.flatMap((scope) => {
    const own = rounds.filter((round) => round.scope === scope);
    if (own.length === 0) return [];
    const letIn = own.flatMap(({ lastLetInMs }) => lastLetInMs ?? []);
    return [
      {
        scope,
        rounds: own.length,
        logout: quantiles(own.map(({ logoutMs }) => logoutMs)),
        gap: quantiles(own.map(({ gapMs }) => gapMs)),
        check: quantiles(own.flatMap(({ letInMs }) => letInMs)),
        closest: letIn.length === 0 ? null : Math.min(...letIn),
        deadChecks: sum(own, 'deadChecks'),
        deadLetIn: sum(own, 'deadLetIn'),
        racedChecks: sum(own, 'racedChecks'),
        liveChecks: sum(own, 'liveChecks'),
        refreshes: sum(own, 'refreshes'),
      },
    ];
  });
}

/** One table, with what its columns say. */
export function gapTable(scopes: readonly ScopeSummary[]): string {
  return [
    '| scope | rounds | gap p50 | gap p99 | gap max | check p50 | check p99 | logout p50 | dead: asked | let in | of those raced | alive: let in | refreshes | closest |',
    '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
    ...scopes.map(line),
    '',
    'Times are milliseconds. The gap is from the answer of the logout to that of the first refusal, of a',
    'request that began after it: it holds one whole check, so that a check’s own time, under the same',
    'load, is what no gap at all would be. *Dead* are the requests that began after the answer, for',
    'sessions that had to be dead, and none may be let in; *raced* are those of them whose token came from a',
    'refresh that had begun before the logout’s answer and ended after it. *Alive* are requests for sessions',
    'that the logout had to leave alone: kept ones, and those of users who authenticated after it. *Closest*',
    'is how long before the answer the last request of all rounds began that was still let in: below zero',
    'there would be a gap.',
  ].join('\n');
}

function line({ gap, check, logout, ...scope }: ScopeSummary): string {
  const cells = [
    scope.scope,
    scope.rounds,
    ...[gap.p50, gap.p99, gap.max, check.p50, check.p99, logout.p50].map(figure),
    scope.deadChecks,
    scope.deadLetIn,
    scope.racedChecks,
    scope.liveChecks,
    scope.refreshes,
    scope.closest === null ? '' : figure(scope.closest),
  ];
  return `| ${cells.join(' | ')} |`;
}

function quantiles(samples: readonly number[]): Quantiles {
  return {
    p50: quantile(samples, 0.5),
    p99: quantile(samples, 0.99),
    max: quantile(samples, 1),
  };
}

function sum(
  rounds: readonly RoundResult[],
  field: 'deadChecks' | 'deadLetIn' | 'racedChecks' | 'liveChecks' | 'refreshes',
): number {
  return rounds.reduce((total, round) => total + round[field], 0);
}

function figure(milliseconds: number): string {
  return milliseconds.toFixed(1);
}
