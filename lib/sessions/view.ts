import type { SessionLimits } from '../aws/dynamodb.ts';
import { sessionId } from './key.ts';
import type { Session } from './session.ts';

/** Converts a session for its user: an opaque id, no credential, and times in ISO 8601, UTC. */
export function toSessionView(session: Session) {
  return {
    id: sessionId(session),
    auth_time: toIso(session.auth_time),
    expires_at: toIso(session.expires_at * 1_000),
  };
}

function toIso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

/** Converts a session for a list; `last_seen` is there where idle time-outs are on. */
export function toSessionListItem(session: Session, { idleMs }: SessionLimits) {
  const { last_seen } = session;
  return {
    ...toSessionView(session),
    user_agent: session.user_agent ?? null,
    ip: session.ip ?? null,
    ...(idleMs === undefined ? {} : { last_seen: last_seen ? toIso(last_seen) : null }),
  };
}
