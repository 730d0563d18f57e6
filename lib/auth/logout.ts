import type { HttpRequest } from '../http/request.ts';
import type { Denial } from '../http/response.ts';
import type { Cutoff } from '../sessions/cutoff.ts';
import { type RevokeScope, revokeMany } from '../sessions/revoke-many.ts';
import type { SessionMode } from '../sessions/session-mode.ts';
import { type Verification, verifyToken } from '../tokens/verify.ts';
import { denySession, findCaller } from './authenticate.ts';
import { type EventSource, recordEvent } from './events.ts';
import type { Services } from './services.ts';

/** Values of `?scope=`, the default first. */
export const LOGOUT_SCOPES = ['this', 'others', 'everywhere'] as const;

/** Sessions to end: the token's own, all others of the user, or all of the user. */
export type LogoutScope = (typeof LOGOUT_SCOPES)[number];

/**
 * Ends sessions of the token's user and records the result. With the scope `this`, an expired token still
 * ends its session; an unverified one ends nothing.
 *
 * @returns a denial where the scope needs an active session and the token has none; else undefined,
 *   and the sessions are over
 * @throws when the keys or the store cannot be asked, so that nothing is known to have ended
 */
export async function logout(
  scope: LogoutScope,
  token: string,
  request: HttpRequest,
  { issuers }: Services,
): Promise<Denial | undefined> {
  const verification = await verifyToken(token, issuers);
  if (scope !== 'this') return endMany(scope, verification, request);
  if (verification.status === 'refused') {
    recordEvent(request, { name: 'logout.refused', reason: verification.reason });
    return undefined;
  }
  const { session, sessions, status: tokenStatus } = verification;
  const ended = await sessions.end(session);
  const name = ended ? 'logout.ended' : 'logout.already_ended';
  recordEvent(request, { name, scope, tokenStatus, session });
  return undefined;
}

async function endMany(
  scope: RevokeScope,
  verification: Verification,
  request: HttpRequest,
): Promise<Denial | undefined> {
  const { caller, denial } = await findCaller(verification, request);
  if (denial) return denial;
  const { session, sessions } = caller;
  const cutoff = await revokeMany(sessions.store, caller, scope);
  if (!cutoff) return denySession(request, session, 'session_ended').denial;
  recordEvent(request, { name: 'logout.ended', scope, session });
  await deleteRevokedRows(sessions, session.sub, cutoff, request);
  return undefined;
}

/** The cutoff has ended the sessions already, so a failed deletion of their rows fails no request. */
export async function deleteRevokedRows(
  sessions: SessionMode,
  sub: string,
  cutoff: Cutoff,
  source: EventSource,
): Promise<void> {
  await sessions
    .deleteRevoked(sub, cutoff)
    .catch((error: unknown) => recordEvent(source, { name: 'logout.sweep_failed', error }));
}
