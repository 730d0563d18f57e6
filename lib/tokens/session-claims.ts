import { hash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { sessionKey } from '../sessions/key.ts';
import { LAST_EXPIRES_AT } from '../sessions/session.ts';
import type { EndableSession } from '../sessions/session-mode.ts';

/** The claims with the user and the session. */
export interface SessionClaims {
  readonly userClaim: string;
  /** The claim of the session, or `none`: each token is a session of its own, by its `jti` or its hash. */
  readonly sessionClaim: string;
  /** `<iss>|` where several issuers are configured, else empty. */
  readonly partitionPrefix: string;
}

/** Tolerated difference to the issuer's clock for `exp` and `nbf`, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 5;

/** Values of JWT_SESSION_CLAIM with which each token is a session of its own. */
export const TOKEN_IS_SESSION: readonly string[] = ['jti', 'uti', 'none'];

/**
 * Derives the session of a verified token.
 *
 * @param token compact serialization; hashed where the session claim is `none` and the token has no `jti`
 * @returns null where a claim is missing or cannot be the key of a session row
 */
export function sessionOf(
  claims: JWTPayload,
  token: string,
  { userClaim, sessionClaim, partitionPrefix }: SessionClaims,
): EndableSession | null {
  const sub = namedBy(claims, userClaim);
  const jti = sessionClaim === 'none' ? tokenIdOf(claims, token) : namedBy(claims, sessionClaim);
  const key = sessionKey({ sub, jti }, partitionPrefix);
  const end = Math.ceil(claims.exp ?? 0) + CLOCK_TOLERANCE_SECONDS;
  // JSON has numbers that no row can hold.
  return key && { ...key, expires_at: Math.min(end, LAST_EXPIRES_AT) };
}

/**
 * The value of a claim with a user or a session. Numbers, such as Firebase's `auth_time`, count; `sub` and
 * `jti` are strings (RFC 7519, section 4.1).
 */
export function namedBy(claims: JWTPayload, name: string): unknown {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  const isName = Number.isSafeInteger(value) && name !== 'sub' && name !== 'jti';
  return isName ? String(value) : value;
}

/**
 * In a cutover, a login service writes rows by `jti` while older tokens have none. By another key, a logout
 * would miss the row, and the session would be active again once SESSIONS is `registered`.
 */
function tokenIdOf({ jti }: JWTPayload, token: string): unknown {
  if (jti !== undefined) return jti;
  // Without the signature, which a holder of the key or anybody (ECDSA) can vary for the same claims.
  const signed = token.slice(0, token.lastIndexOf('.'));
  return `sha256:${hash('sha256', signed, 'base64url')}`;
}
