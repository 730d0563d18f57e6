import { compare, readActive } from './list.ts';
import type { Session } from './session.ts';
import type { SessionMode } from './session-mode.ts';

/**
 * Ends all but a user's newest token families. A log-in puts the row before: of racing log-ins each sees
 * the others or is seen, so that the newest remain.
 *
 * @param begun the session whose row was put
 * @param max families to keep
 * @returns the ended sessions, and whether the begun one goes on: a racing log-in may have ended it
 */
export async function endOldest(
  { store, end }: Pick<SessionMode, 'store' | 'end'>,
  { sub, jti }: Pick<Session, 'sub' | 'jti'>,
  max: number,
  nowMs: number,
): Promise<{ readonly ended: readonly Session[]; readonly goesOn: boolean }> {
  const { sessions } = await readActive(store, sub, nowMs);
  // A refreshed session keeps the rank of its family.
  const ranked = sessions
    .map(({ auth_time, sid }) => ({ auth_time, jti: sid }))
    .sort(compare)
    .map((family) => family.jti);
  const kept = [...new Set(ranked)].slice(0, max);
  const ended = sessions.filter(({ sid }) => !kept.includes(sid));
  for (const session of ended) await end(session);
  return { ended, goesOn: kept.includes(jti) };
}
