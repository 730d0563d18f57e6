import { sessionId } from './key.ts';
import type { Session } from './session.ts';

/** A session as clients see it; times are ISO 8601, UTC. */
export interface SessionView {
  /** An opaque handle, no credential. */
  readonly id: string;
  readonly auth_time: string;
  readonly expires_at: string;
}

/** Turns a row into what its owner may see of it. */
export function toSessionView(session: Session): SessionView {
  return {
    id: sessionId(session),
    auth_time: new Date(session.auth_time).toISOString(),
    expires_at: new Date(session.expires_at * 1_000).toISOString(),
  };
}

/** A session in the list of its owner's. */
export interface SessionListItem extends SessionView {
  readonly user_agent: string | null;
  readonly ip: string | null;
  /** Whether it is the one that asks. */
  readonly current: boolean;
}

/** Turns a row into an entry of the list that the holder of `current` sees. */
export function toSessionListItem(session: Session, current: Session): SessionListItem {
  return {
    ...toSessionView(session),
    user_agent: session.user_agent ?? null,
    ip: session.ip ?? null,
    current: session.jti === current.jti,
  };
}
