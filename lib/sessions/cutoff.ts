import { RESERVED_PREFIX } from './key.ts';
import type { Row } from './rows.ts';
import { isEpochTime, type Session } from './session.ts';

/** Sort key of the one row a user that ends many sessions at once; no token's `jti` starts with `#`. */
export const EPOCH_KEY = `${RESERVED_PREFIX}epoch`;

/** When a user last logged out of many sessions: one row, however many they were. */
export interface SessionEpoch {
  /** Sessions whose user authenticated then or before are over. Epoch milliseconds. */
  readonly not_before: number;
  /** The one chain of tokens (`sid`) that goes on all the same. */
  readonly keep?: string;
}

/**
 * Whether an epoch ends a session. A refresh inherits `auth_time` and `sid`, so it neither escapes its
 * end nor loses its exception.
 */
export function isEndedBy(
  epoch: SessionEpoch | undefined,
  session: Pick<Session, 'auth_time' | 'sid'>,
): boolean {
  return epoch !== undefined && session.auth_time <= epoch.not_before && session.sid !== epoch.keep;
}

/**
 * Whether a session may be used: neither its life is over (TTL deletes rows days late) nor has an epoch
 * ended it.
 *
 * @param nowMs epoch milliseconds
 */
export function isLive(session: Session, epoch: SessionEpoch | undefined, nowMs: number): boolean {
  return session.expires_at * 1_000 > nowMs && !isEndedBy(epoch, session);
}

/**
 * Parses an epoch's row.
 *
 * @throws TypeError when it can't be read: then nothing is known about the user's sessions
 */
export function parseEpoch(row: Row): SessionEpoch {
  const { not_before, keep } = row;
  if (!isEpochTime(not_before, 1))
    throw new TypeError('The epoch’s not_before must be a whole number of epoch milliseconds');
  if (keep === undefined) return { not_before };
  if (typeof keep !== 'string') throw new TypeError('The epoch’s keep must be a sid');
  return { not_before, keep };
}

/**
 * Parses an epoch's row where there is one; a user that never logged out of many sessions has none.
 *
 * @throws TypeError as {@link parseEpoch}
 */
export function parseOptionalEpoch(row: Row | undefined): SessionEpoch | undefined {
  return row && parseEpoch(row);
}
