import { bearerToken } from '../http/bearer.ts';
import type { HttpRequest } from '../http/request.ts';
import { HttpError } from '../http/response.ts';
import type { Session } from '../sessions/session.ts';
import { findSession } from '../sessions/sessions.ts';
import { verifyToken } from '../tokens/verify.ts';
import { recordEvent } from './events.ts';
import type { Services } from './services.ts';

/** Who is asking, and in which session. */
export interface Caller {
  readonly claims: Readonly<Record<string, unknown>>;
  readonly session: Session;
}

/**
 * The check of every protected endpoint: a verified token whose session is alive.
 *
 * @throws HttpError 403 without a bearer token, 401 for one that opens nothing
 * @throws when a key or the store could not be asked: fail closed, as a 500
 */
export async function authenticate(
  request: HttpRequest,
  { verifier, store }: Services,
): Promise<Caller> {
  const verification = await verifyToken(bearerToken(request), verifier);
  if (verification.status !== 'verified') {
    const reason = verification.status === 'refused' ? verification.reason : verification.status;
    recordEvent(request, 'check.refused', { reason });
    throw unauthorized();
  }
  const session = await findSession(store, verification.session);
  if (!session) {
    recordEvent(request, 'check.refused', {
      reason: 'session_ended',
      session: verification.session,
    });
    throw unauthorized();
  }
  recordEvent(request, 'check.passed');
  return { claims: verification.claims, session };
}

/** RFC 6750, section 3.1. Why a token opens nothing is for the log, not for its bearer. */
export function unauthorized(): HttpError {
  return new HttpError(401, 'Could not validate credentials', {
    'WWW-Authenticate': 'Bearer error="invalid_token"',
  });
}
