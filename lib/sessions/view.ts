import { sessionId } from './key.ts';
import type { Session } from './session.ts';

/** Converts a session for its user: an opaque id, no credential, and times in ISO 8601, UTC. */
export function toSessionView(session: Session) {
  return {
    id: sessionId(session),
    auth_time: new Date(session.auth_time).toISOString(),
    expires_at: new Date(session.expires_at * 1_000).toISOString(),
  };
}

/** Converts a session for the list that the holder of `current` sees. */
export function toSessionListItem(session: Session, current: Session) {
  return {
    ...toSessionView(session),
    user_agent: session.user_agent ?? null,
    ip: session.ip ?? null,
    current: session.jti === current.jti,
  };
}
