import type { SessionMode, SessionToken } from '../sessions/session-mode.ts';
import { type ExpectedClaims, type RefusedClaims, refusedClaims } from './claims.ts';
import { type SessionClaims, sessionOf } from './session-claims.ts';
import { type RefusedSignature, type Signer, type Status, verifySigned } from './verify-signed.ts';

/**
 * Result of verifying a token.
 *
 * - `verified`: signature, issuer and claims hold, and the token is within its life.
 * - `expired`, `not_yet_valid`: the same outside the token's life. Such a token opens nothing and still
 *   names the session for logout.
 * - `sender_constrained`: the same for a token with `cnf`, bound to a key of its holder (DPoP, mTLS).
 *   Accepted without a proof, the token would be a bearer token again (RFC 9449, section 7.2).
 * - `refused`: no claim may be believed. The reason is a stable code for the log.
 */
export type Verification = Authentic | Refused;

interface Authentic extends SessionToken {
  readonly status: AuthenticTokenStatus;
  /** Finds and ends the session. */
  readonly sessions: SessionMode;
}

interface Refused {
  readonly status: 'refused';
  readonly reason: RefusalReason;
}

export type AuthenticTokenStatus = Status | 'sender_constrained';

export type RefusalReason = RefusedSignature | RefusedClaims | 'invalid_session_reference';

/** An issuer: the keys, the expected claims, and the sessions. */
export interface Issuer extends Signer, ExpectedClaims, SessionClaims {
  readonly sessions: SessionMode;
}

/** Tokens for access: other types, such as `logout+jwt`, serve another purpose (RFC 8725, section 3.11). */
const ACCESS_TOKEN = { types: ['jwt', 'at+jwt'], requiredClaims: ['exp'] };

/**
 * Verifies a bearer token: size, alphabet, header, signature, and only then the claims.
 *
 * @param issuers of several, the unverified `iss` only chooses whose keys are asked
 * @throws as {@link verifySigned}
 */
export async function verifyToken(
  token: string,
  issuers: readonly Issuer[],
): Promise<Verification> {
  const signed = await verifySigned(token, issuers, ACCESS_TOKEN);
  if (signed.status === 'refused') return signed;
  const { claims, issuer } = signed;
  const reason = refusedClaims(claims, issuer);
  if (reason) return { status: 'refused', reason };
  const session = sessionOf(claims, token, issuer);
  if (!session) return { status: 'refused', reason: 'invalid_session_reference' };
  const isBound = signed.status === 'verified' && Object.hasOwn(claims, 'cnf');
  const status = isBound ? 'sender_constrained' : signed.status;
  return { status, claims, session, sessions: issuer.sessions };
}
