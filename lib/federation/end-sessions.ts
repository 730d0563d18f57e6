import { cutoffIn } from '../sessions/cutoff.ts';
import { rememberLogout, revokeAll } from '../sessions/revoke-many.ts';
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

/** Rows that are ended at the same time. */
const AT_ONCE = 16;

/** Registered sessions: by `sid` the rows with that `idp_sid` and those with none, else all of the user. */
export function endRegistered(sessions: SessionMode): ProviderLogout {
  return async ({ sub, sid, jti }) => {
    if (sid === undefined) return endAll(sessions, sub, jti);
    const rows = await queryRows(sessions.store, sub);
    const cutoff = cutoffIn(rows);
    const isRepeated = cutoff?.logout_jti === jti;
    const named = rows.filter(
      (row) => isSessionRow(row) && (row.idp_sid === sid || (!isRepeated && !hasProvider(row))),
    );
    await endRows(sessions, named);
    // Only of rows without `idp_sid` could a repeated token end one that began since.
    if (!named.every(hasProvider)) await rememberLogout(sessions.store, sub, jti);
    return 'one';
  };
}

function hasProvider({ idp_sid }: Row): boolean {
  return typeof idp_sid === 'string' && idp_sid !== '';
}

/**
 * Ends sessions and their successors, each at least once tried.
 *
 * @throws the first failure, after all have been tried
 */
async function endRows(sessions: SessionMode, rows: readonly Row[]): Promise<void> {
  const names = new Set(rows.map(({ jti }) => jti));
  // A replaced row whose successor ends here as well is over already: refreshes would add up otherwise.
  const last = rows.filter(({ rotated_to }) => !names.has(rotated_to));
  const failures: unknown[] = [];
  for (let start = 0; start < last.length; start += AT_ONCE) {
    const ends = last.slice(start, start + AT_ONCE).map((row) => sessions.end(endable(row)));
    for (const end of await Promise.allSettled(ends))
      if (end.status === 'rejected') failures.push(end.reason);
  }
  if (failures.length > 0) throw failures[0];
}

/** Adopted sessions: by `sid` where that is the session claim, else all of the user. */
export function endAdopted(sessions: SessionMode, namesSessions: boolean): ProviderLogout {
  return async ({ sub, sid, jti }) => {
    if (sid === undefined || !namesSessions) return endAll(sessions, sub, jti);
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
