import { sessionId } from './session-reference.ts';
import type { Session } from './sessions.ts';

/** A session as clients see it; times are ISO 8601, UTC. */
export interface PresentedSession {
  /** An opaque handle, no credential. */
  readonly id: string;
  readonly auth_time: string;
  readonly expires_at: string;
}

/** Turns a row into what its owner may see of it. */
export function presentSession(session: Session): PresentedSession {
  return {
    id: sessionId(session),
    auth_time: new Date(session.auth_time).toISOString(),
    expires_at: new Date(session.expires_at * 1_000).toISOString(),
  };
}
