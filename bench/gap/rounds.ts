import type { LogoutScope } from '../../lib/auth/logout.ts';
import type { Violation } from './evidence.ts';
import { InconclusiveRound, playRound } from './round.ts';
import { type RoundResult, SCOPES } from './round-result.ts';
import type { Target } from './target.ts';

export interface RoundsOptions {
  /** Logouts in all; the scopes take turns. */
  readonly rounds: number;
  /**
   * Rounds before those, a user at a time, which are judged but not timed: the first requests load the
   * functions, whose cold start is no gap.
   */
  readonly warmUp: number;
  /** Users whose logouts are measured at the same time. */
  readonly users: number;
  /** Clients of each user that refresh and log in, beside the one that logs out and an idle one. */
  readonly clients: number;
  /** No round begins after this time, in seconds. */
  readonly seconds: number;
  /** No round begins once it is aborted; what fails from then on is no failure. */
  readonly signal?: AbortSignal;
  readonly progress: (done: readonly RoundResult[], count: number) => void;
}

export interface Rounds {
  readonly rounds: readonly RoundResult[];
  /** Those of the warm-up as well. */
  readonly violations: readonly Violation[];
  /** Rounds that were played again, as the store had been too slow to tell anything. */
  readonly inconclusive: number;
}

/** With more of them the machine is too busy to measure anything. */
const MAX_INCONCLUSIVE = 30;

/**
 * Plays the rounds, some at once.
 *
 * @throws Error when a round could not be played
 */
export async function playRounds(target: Target, options: RoundsOptions): Promise<Rounds> {
  const { users, clients, seconds, signal, progress } = options;
  let deadline = Infinity;
  let broken = false;
  let inconclusive = 0;

  async function conclusiveRound(scope: LogoutScope): Promise<RoundResult> {
    for (;;) {
      try {
        return await playRound(target, scope, clients);
      } catch (error) {
        if (!(error instanceof InconclusiveRound) || inconclusive === MAX_INCONCLUSIVE) throw error;
        inconclusive += 1;
      }
    }
  }

  async function play(count: number, usersAtOnce: number): Promise<RoundResult[]> {
    const results: RoundResult[] = [];
    let begun = 0;
    async function user(): Promise<void> {
      while (begun < count && performance.now() < deadline && !broken && !signal?.aborted) {
        const scope = SCOPES[begun % SCOPES.length] ?? 'this';
        begun += 1;
        results.push(await conclusiveRound(scope));
        progress(results, count);
      }
    }
    try {
      await Promise.all(Array.from({ length: usersAtOnce }, user));
    } catch (error) {
      broken = true;
      // Ctrl-C in a terminal reaches the service as well, which ends under our requests.
      if (!signal?.aborted) throw error;
    }
    return results;
  }

  const warmUp = await play(options.warmUp, 1);
  deadline = performance.now() + seconds * 1_000;
  const rounds = await play(options.rounds, users);
  return {
    rounds,
    violations: [...warmUp, ...rounds].flatMap(({ violations }) => violations),
    inconclusive,
  };
}
