import { defined } from '../shared/json.ts';
import { RESERVED_PREFIX } from './key.ts';
import type { Row } from './rows.ts';
import { isEpochTime, type Session } from './session.ts';

/** Sort key of a user's one cutoff row; no session's `jti` starts with `#`. */
export const CUTOFF_KEY = `${RESERVED_PREFIX}cutoff`;

/** Ends many sessions of a user by one row. */
export interface Cutoff {
  /** Sessions with an `auth_time` up to this time are over. Epoch milliseconds. */
  readonly revoked_before: number;
  /** The token family that goes on. */
  readonly except_sid?: string;
  /** The `jti` of the user's last logout token: a repetition ends no newer session. */
  readonly logout_jti?: string;
}

/** Whether a cutoff ends a session. Refreshed tokens inherit `auth_time` and `sid`, so the result too. */
export function isRevokedBy(
  cutoff: Cutoff | undefined,
  { auth_time, sid }: Pick<Session, 'auth_time' | 'sid'>,
): boolean {
  return cutoff !== undefined && auth_time <= cutoff.revoked_before && sid !== cutoff.except_sid;
}

/**
 * The `auth_time` of a session that begins now, in epoch milliseconds. A session that begins after a
 * cutoff is active, whatever the clocks of the two writers say.
 */
export function authTimeAfter(cutoff: Cutoff | undefined, nowMs: number): number {
  return cutoff === undefined ? nowMs : Math.max(nowMs, cutoff.revoked_before + 1);
}

/** The cutoff among all rows of a user. Throws as {@link parseCutoff}. */
export function cutoffIn(rows: readonly Row[]): Cutoff | undefined {
  return parseCutoff(rows.find(({ jti }) => jti === CUTOFF_KEY));
}

/**
 * Parses a cutoff row; undefined where the user has none.
 *
 * @throws TypeError for an invalid row, as nothing is known about the user's sessions then
 */
export function parseCutoff(row: Row | undefined): Cutoff | undefined {
  if (!row) return undefined;
  const { revoked_before, except_sid, logout_jti } = row;
  if (!isEpochTime(revoked_before, 1))
    throw new TypeError('The cutoff’s revoked_before must be a whole number of epoch milliseconds');
  if (except_sid !== undefined && typeof except_sid !== 'string')
    throw new TypeError('The cutoff’s except_sid must be a sid');
  const last = typeof logout_jti === 'string' ? logout_jti : undefined;
  return { revoked_before, ...defined({ except_sid, logout_jti: last }) };
}
