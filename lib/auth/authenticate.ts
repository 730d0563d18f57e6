import { readBearer } from '../http/bearer.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Denial } from '../http/response.ts';
import type { Cutoff } from '../sessions/cutoff.ts';
import type { SessionKey } from '../sessions/key.ts';
import type { Session } from '../sessions/session.ts';
import { activeOf, readSession } from '../sessions/sessions.ts';
import { verifyToken } from '../tokens/verify.ts';
import { recordEvent } from './events.ts';
import type { Services } from './services.ts';

/** The user and the session behind a request. */
export interface Caller {
  /** The verified claims of the token. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly session: Session;
  /** The user's cutoff, of the same read as the session. */
  readonly cutoff: Cutoff | undefined;
}

/** Either the caller, or the reason why there is none. */
type Authentication = { caller: Caller; denial?: never } | { caller?: never; denial: Denial };

/**
 * Checks the bearer token of a request, as every protected endpoint does.
 *
 * @throws when the keys or the store cannot be asked, so that the request fails closed with a 500
 */
export async function authenticate(
  request: HttpRequest,
  services: Services,
): Promise<Authentication> {
  const { token, denial } = readBearer(request);
  return denial ? { denial } : authenticateToken(token, request, services);
}

/**
 * Checks a bearer token: a verified signature, valid claims, and an active session.
 *
 * @throws as {@link authenticate}
 */
export async function authenticateToken(
  token: string,
  request: HttpRequest,
  { verifier, store }: Services,
): Promise<Authentication> {
  const verification = await verifyToken(token, verifier);
  if (verification.status !== 'verified') {
    const reason = verification.status === 'refused' ? verification.reason : verification.status;
    recordEvent(request, { name: 'check.refused', reason });
    return { denial: 'invalid_token' };
  }
  const read = await readSession(store, verification.session);
  const session = activeOf(store, read, Date.now());
  if (!session) return denyEnded(request, verification.session);
  recordEvent(request, { name: 'check.passed' });
  return { caller: { claims: verification.claims, session, cutoff: read.cutoff } };
}

/** Records that a token's session has ended, and denies the request. */
export function denyEnded(request: HttpRequest, session: SessionKey): { denial: Denial } {
  recordEvent(request, { name: 'check.refused', reason: 'session_ended', session });
  return { denial: 'invalid_token' };
}
