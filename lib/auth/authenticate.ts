import { readBearer } from '../http/bearer.ts';
import type { HttpRequest } from '../http/request.ts';
import type { Denial } from '../http/response.ts';
import type { Cutoff } from '../sessions/cutoff.ts';
import type { SessionKey } from '../sessions/key.ts';
import type { Session } from '../sessions/session.ts';
import type {
  Client,
  DescribeClient,
  SessionDenial,
  SessionMode,
} from '../sessions/session-mode.ts';
import { defined } from '../shared/json.ts';
import { type Verification, verifyToken } from '../tokens/verify.ts';
import { type EventSource, recordEvent } from './events.ts';
import type { Services } from './services.ts';

/** The user and the session behind a request. */
export interface Caller {
  /** The verified claims of the token. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly session: Session;
  /** The user's cutoff, of the same read as the session. */
  readonly cutoff: Cutoff | undefined;
  /** The sessions of the token's issuer. */
  readonly sessions: SessionMode;
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
  { issuers }: Services,
): Promise<Authentication> {
  const { token, denial } = readBearer(request);
  return denial ? { denial } : findCaller(await verifyToken(token, issuers), request);
}

/**
 * Finds the active session of a verified token.
 *
 * @param client for the list of sessions, where this check adopts the session
 * @throws when the store cannot be asked
 */
export async function findCaller(
  verification: Verification,
  request: HttpRequest,
  client: DescribeClient = () => clientOf(request),
): Promise<Authentication> {
  if (verification.status !== 'verified') {
    const reason = verification.status === 'refused' ? verification.reason : verification.status;
    recordEvent(request, { name: 'check.refused', reason });
    return { denial: 'invalid_token' };
  }
  const { claims, sessions } = verification;
  const found = await sessions.find(verification, client);
  for (const session of found.ended ?? [])
    recordEvent(request, { name: 'logout.ended', scope: 'one', by: { by: 'policy' }, session });
  if (found.touchError) recordEvent(request, { name: 'touch.failed', error: found.touchError });
  if (found.denial) return denySession(request, verification.session, found.denial);
  recordEvent(request, { name: 'check.passed' });
  return { caller: { claims, sessions, session: found.session, cutoff: found.cutoff } };
}

/** Records why a verified token opens nothing, and denies the request. */
export function denySession(
  request: EventSource,
  session: SessionKey,
  reason: SessionDenial,
): { denial: Denial } {
  recordEvent(request, { name: 'check.refused', reason, session });
  return { denial: 'invalid_token' };
}

/** Most characters of a `User-Agent` header in a session's row. */
const MAX_USER_AGENT_LENGTH = 512;

function clientOf(request: HttpRequest): Client {
  // The limit may cut a surrogate pair, half of which UTF-8 cannot encode.
  const userAgent = request.header('user-agent')?.slice(0, MAX_USER_AGENT_LENGTH).toWellFormed();
  return defined({ user_agent: userAgent, ip: request.ip });
}
