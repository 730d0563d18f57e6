import { revokeAll } from '../sessions/revoke-many.ts';
import { isSessionRow, queryRows, type Row } from '../sessions/rows.ts';
import type { EndableSession, SessionMode } from '../sessions/session-mode.ts';
import type { LogoutToken } from './logout-token.ts';

/** Sessions ended by a logout token. */
export type ProviderScope = 'one' | 'everywhere';

/**
 * Ends the sessions named by a logout token. On return the sessions are over, seen before or not.
 *
 * @throws when the store does not answer, refuses, or does not prove a write
 */
export type ProviderLogout = (
  token: Pick<LogoutToken, 'sub' | 'sid' | 'jti'>,
) => Promise<ProviderScope>;

/** Registered sessions: by `sid` the rows with that `idp_sid` and those with none, else all of the user. */
export function endRegistered(sessions: SessionMode): ProviderLogout {
  return async ({ sub, sid, jti }) => {
    if (sid === undefined) return endAll(sessions, sub, jti);
    const rows = await queryRows(sessions.store, sub);
    for (const row of rows.filter(isSessionRow))
      if (row.idp_sid === sid || row.idp_sid === undefined) await sessions.end(endable(row));
    return 'one';
  };
}

/** Adopted sessions: by `sid` where that is the session claim, else all of the user. */
export function endAdopted(sessions: SessionMode, sessionClaim: string): ProviderLogout {
  return async ({ sub, sid, jti }) => {
    if (sid === undefined || sessionClaim !== 'sid') return endAll(sessions, sub, jti);
    await sessions.end({ sub, jti: sid, expires_at: 0 });
    return 'one';
  };
}

async function endAll({ store }: SessionMode, sub: string, jti: string): Promise<ProviderScope> {
  await revokeAll(store, sub, Date.now(), jti);
  return 'everywhere';
}

function endable({ sub, jti, expires_at }: Row): EndableSession {
  return { sub: String(sub), jti: String(jti), expires_at: Number(expires_at) || 0 };
}
