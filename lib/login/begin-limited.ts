import { randomUUID } from 'node:crypto';
import type { SessionStore } from '../aws/dynamodb.ts';
import { authTimeAfter } from '../sessions/cutoff.ts';
import { endOldest } from '../sessions/limit.ts';
import { readActive } from '../sessions/list.ts';
import { registeredSessions } from '../sessions/registered.ts';
import type { Session } from '../sessions/session.ts';
import { createSession } from './create-session.ts';
import type { NewSession } from './issue.ts';

/** Attempts to begin a session that racing log-ins of the same user end at once. */
const MAX_ATTEMPTS = 3;

/**
 * Begins a session as the newest of at most `maxSessions`, and ends the others. Racing log-ins leave as
 * many as the limit allows: each puts its row, reads all rows, and goes on only among the newest.
 *
 * @param draft the row without its `auth_time`
 * @returns null when the `jti` is taken
 * @throws TypeError for a limit that is no whole number from 1
 * @throws Error when racing log-ins have ended the session {@link MAX_ATTEMPTS} times, or one with a given
 *   `jti` once
 */
export async function beginLimited(
  store: SessionStore,
  draft: Session,
  { maxSessions = 0, onEnded, jti: given }: Pick<NewSession, 'jti' | 'maxSessions' | 'onEnded'>,
  nowMs: number,
): Promise<Session | null> {
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 1)
    throw new TypeError('maxSessions must be a whole number from 1');
  let { jti } = draft;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const { sessions, cutoff } = await readActive(store, draft.sub, nowMs);
    const newest = sessions.reduce((time, { auth_time }) => Math.max(time, auth_time), 0);
    const auth_time = Math.max(authTimeAfter(cutoff, nowMs), newest + 1);
    const session = { ...draft, jti, sid: jti, auth_time };
    if (!(await createSession(store, session))) return null;
    const { ended, goesOn } = await endOldest(
      registeredSessions(store),
      session,
      maxSessions,
      nowMs,
    );
    const others = ended.filter((each) => each.jti !== session.jti);
    if (others.length > 0) onEnded?.(others);
    if (goesOn) return session;
    if (given !== undefined) break;
    // A racing log-in may still be about to end the row of the jti before.
    jti = randomUUID();
  }
  throw new Error('Racing log-ins have ended the session');
}
