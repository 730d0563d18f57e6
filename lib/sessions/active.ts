import type { SessionLimits } from '../aws/dynamodb.ts';
import { authTimeAfter, type Cutoff, isRevokedBy } from './cutoff.ts';
import { InvalidSessionError, type Session } from './session.ts';

/** How far `auth_time` may be ahead of the clock, in milliseconds: login services' clocks differ. */
export const MAX_AUTH_TIME_AHEAD_MS = 300_000;

/** Whether a session has been unused for too long. A row without `last_seen` counts as seen now. */
export function isIdle(
  { last_seen }: Session,
  nowMs: number,
  { idleMs = Number.POSITIVE_INFINITY }: SessionLimits,
): boolean {
  return last_seen !== undefined && nowMs - last_seen > idleMs;
}

/**
 * Whether a session is active: neither replaced by a refresh, ended, expired (TTL deletes rows days
 * late), older than SESSION_MAX_AGE, covered by the user's cutoff, nor begun before SESSIONS_NOT_BEFORE.
 *
 * @param nowMs epoch milliseconds
 * @throws InvalidSessionError for an `auth_time` in the future, which no cutoff of today would cover
 */
export function isActive(
  session: Session,
  cutoff: Cutoff | undefined,
  nowMs: number,
  { notBeforeMs = 0, maxAgeMs = Number.POSITIVE_INFINITY }: SessionLimits = {},
): boolean {
  if (session.auth_time > authTimeAfter(cutoff, nowMs) + MAX_AUTH_TIME_AHEAD_MS)
    throw new InvalidSessionError('auth_time', 'at most 5 minutes ahead of the clock');
  return (
    session.rotated_to === undefined &&
    session.ended_at === undefined &&
    session.expires_at * 1_000 > nowMs &&
    session.auth_time >= notBeforeMs &&
    session.auth_time + maxAgeMs > nowMs &&
    !isRevokedBy(cutoff, session)
  );
}
