import type { HttpRequest } from '../http/request.ts';
import { deleteRevoked } from '../sessions/delete-revoked.ts';
import { revokeMany } from '../sessions/revoke-many.ts';
import { endSession } from '../sessions/sessions.ts';
import { verifyToken } from '../tokens/verify.ts';
import { authenticate, unauthorized } from './authenticate.ts';
import { recordEvent } from './events.ts';
import type { ScopeOfMany } from './logout-scope.ts';
import type { Services } from './services.ts';

/**
 * Ends the session that a token names, and records what became of it. What was wrong with a token, or
 * whether its session was still there, is for the log. One that is merely out of its life still names
 * its session; one that can't be believed names nothing.
 *
 * @throws when a key or the store could not be asked: nothing is known to have ended then
 */
export async function endPresentedSession(
  token: string,
  request: HttpRequest,
  { verifier, store }: Services,
): Promise<void> {
  const verification = await verifyToken(token, verifier);
  if (verification.status === 'refused') {
    recordEvent(request, 'logout.refused', { reason: verification.reason });
    return;
  }
  const { session, status: tokenStatus } = verification;
  const ended = await endSession(store, session);
  const outcome = ended ? 'logout.ended' : 'logout.already_ended';
  recordEvent(request, outcome, { scope: 'this', tokenStatus, session });
}

/**
 * Ends the sessions of the caller's user, with or without the caller's own, and records it.
 *
 * @throws HttpError 401 for a caller without a live session, also when it was ended meanwhile
 * @throws when a key or the store could not be asked
 */
export async function logoutMany(
  scope: ScopeOfMany,
  request: HttpRequest,
  services: Services,
): Promise<void> {
  const { session } = await authenticate(request, services);
  const cutoff = await revokeMany(services.store, session, scope);
  if (!cutoff) {
    recordEvent(request, 'check.refused', { reason: 'session_ended', session });
    throw unauthorized();
  }
  recordEvent(request, 'logout.ended', { scope, session });
  // The sessions are dead by now; what goes wrong with their rows is no concern of the caller's.
  await deleteRevoked(services.store, session.sub, cutoff).catch(({ name }: Error) =>
    recordEvent(request, 'logout.sweep_failed', { reason: name }),
  );
}
