import { sessionId } from './key.ts';
import type { Session } from './session.ts';

/** A session as its user sees it. Times are ISO 8601, UTC. */
export interface SessionView {
  /** Opaque id, no credential. */
  readonly id: string;
  readonly auth_time: string;
  readonly expires_at: string;
}

/** Converts a session for its user. */
export function toSessionView(session: Session): SessionView {
  return {
    id: sessionId(session),
    auth_time: new Date(session.auth_time).toISOString(),
    expires_at: new Date(session.expires_at * 1_000).toISOString(),
  };
}

/** A session in its user's list. */
export interface SessionListItem extends SessionView {
  readonly user_agent: string | null;
  readonly ip: string | null;
  /** Whether the session is the caller's own. */
  readonly current: boolean;
}

/** Converts a session for the list that the holder of `current` sees. */
export function toSessionListItem(session: Session, current: Session): SessionListItem {
  return {
    ...toSessionView(session),
    user_agent: session.user_agent ?? null,
    ip: session.ip ?? null,
    current: session.jti === current.jti,
  };
}
