import { RESERVED_PREFIX } from './key.ts';
import type { Row } from './rows.ts';
import { isEpochTime, type Session } from './session.ts';

/** Sort key of the one row a user that ends many sessions at once; no token's `jti` starts with `#`. */
export const CUTOFF_KEY = `${RESERVED_PREFIX}cutoff`;

/** When a user last logged out of many sessions: one row, however many they were. */
export interface Cutoff {
  /** Sessions whose user authenticated then or before are over. Cutoff milliseconds. */
  readonly revoked_before: number;
  /** The one chain of tokens (`sid`) that goes on all the same. */
  readonly except_sid?: string;
}

/**
 * Whether a cutoff ends a session. A refresh inherits `auth_time` and `sid`, so it neither escapes its
 * end nor loses its exception.
 */
export function isRevokedBy(
  cutoff: Cutoff | undefined,
  session: Pick<Session, 'auth_time' | 'sid'>,
): boolean {
  return (
    cutoff !== undefined &&
    session.auth_time <= cutoff.revoked_before &&
    session.sid !== cutoff.except_sid
  );
}

/**
 * Whether a session may be used: neither its life is over (TTL deletes rows days late) nor has a cutoff
 * ended it.
 *
 * @param nowMs epoch milliseconds
 */
export function isLive(session: Session, cutoff: Cutoff | undefined, nowMs: number): boolean {
  return session.expires_at * 1_000 > nowMs && !isRevokedBy(cutoff, session);
}

/**
 * Parses a cutoff's row.
 *
 * @throws TypeError when it can't be read: then nothing is known about the user's sessions
 */
export function parseCutoff(row: Row): Cutoff {
  const { revoked_before, except_sid } = row;
  if (!isEpochTime(revoked_before, 1))
    throw new TypeError('The cutoff’s revoked_before must be a whole number of epoch milliseconds');
  if (except_sid === undefined) return { revoked_before };
  if (typeof except_sid !== 'string') throw new TypeError('The cutoff’s except_sid must be a sid');
  return { revoked_before, except_sid };
}

/**
 * Parses a cutoff's row where there is one; a user that never logged out of many sessions has none.
 *
 * @throws TypeError as {@link parseCutoff}
 */
export function parseOptionalCutoff(row: Row | undefined): Cutoff | undefined {
  return row && parseCutoff(row);
}
