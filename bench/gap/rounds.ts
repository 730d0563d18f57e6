import { type RoundResult, SCOPES } from './result.ts';
import { InconclusiveRound, playRound } from './round.ts';
import type { Target } from './target.ts';

export interface RoundsOptions {
  /** Logouts in all; the scopes take turns. */
  readonly rounds: number;
  /** Users whose logouts are measured at the same time. */
  readonly users: number;
  /** Clients of each user that refresh and log in, beside the one that logs out and an idle one. */
  readonly clients: number;
  /** No round begins after this time, in seconds. */
  readonly seconds: number;
  /** No round begins once it is aborted; later failures do not count. */
  readonly signal: AbortSignal;
  readonly progress: (done: readonly RoundResult[]) => void;
}

/** With more of them the machine is too busy to measure anything. */
const MAX_INCONCLUSIVE = 30;

/**
 * Plays rounds, some at the same time.
 *
 * @returns the rounds, and how many were played again because the store was too slow to tell anything
 * @throws Error when a round could not be played
 */
export async function playRounds(
  target: Target,
  { rounds: count, users, clients, seconds, signal, progress }: RoundsOptions,
): Promise<{ readonly rounds: readonly RoundResult[]; readonly inconclusive: number }> {
  const deadline = performance.now() + seconds * 1_000;
  const rounds: RoundResult[] = [];
  let begun = 0;
  let broken = false;
  let inconclusive = 0;

  async function user(): Promise<void> {
    while (begun < count && performance.now() < deadline && !broken && !signal.aborted) {
      const scope = SCOPES[begun % SCOPES.length] ?? 'this';
      begun += 1;
      try {
        rounds.push(await playRound(target, scope, clients));
        progress(rounds);
      } catch (error) {
        if (!(error instanceof InconclusiveRound) || inconclusive === MAX_INCONCLUSIVE) throw error;
        inconclusive += 1;
        begun -= 1;
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: users }, user));
  } catch (error) {
    broken = true;
    // Ctrl-C in a terminal reaches the service as well, which ends under our requests.
    if (!signal.aborted) throw error;
  }
  return { rounds, inconclusive };
}
