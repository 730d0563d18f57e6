import type { JWTPayload } from 'jose';
import { isJti, userPartition } from '../sessions/key.ts';
import { isObject } from '../shared/json.ts';
import { CLOCK_TOLERANCE_SECONDS, namedBy } from '../tokens/session-claims.ts';
import { type RefusedSignature, verifySigned } from '../tokens/verify-signed.ts';
import type { LogoutIssuer } from './logout-issuers.ts';

/** A verified logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4). */
export interface LogoutToken {
  readonly issuer: LogoutIssuer;
  /** Partition key of the user. */
  readonly sub: string;
  /** The session at the identity provider; undefined: all sessions of the user. */
  readonly sid: string | undefined;
  readonly jti: string;
}

/** The logout event, a member of `events`: http, not https. */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** Greatest age of a logout token without `exp`, in seconds: Hydra and older Keycloak send none. */
export const MAX_AGE_SECONDS = 300;

/** Senders set `typ` to logout+jwt, to JWT, or not at all. */
const LOGOUT_TOKEN = { types: ['logout+jwt', 'jwt'], requiredClaims: ['iat', 'jti', 'events'] };

/**
 * Verifies a logout token by section 2.6, with the leniency of real senders: `exp` may be missing, `aud` may
 * be an array, `events` may have further members, and unknown claims are ignored.
 *
 * @returns the token, or a problem for the `error_description` of the answer
 * @throws JwksUnavailableError: without keys, nothing is known about the token
 */
export async function verifyLogoutToken(
  text: string,
  issuers: readonly LogoutIssuer[],
): Promise<LogoutToken | { readonly problem: string }> {
  const signed = await verifySigned(text, issuers, LOGOUT_TOKEN);
  if (signed.status === 'refused') return { problem: PROBLEMS[signed.reason] };
  const { claims, issuer } = signed;
  const problem =
    signed.status === 'verified' ? problemOf(claims, issuer) : 'The token is outside its life';
  if (problem) return { problem };
  const { userClaim, partitionPrefix } = issuer;
  const sub = userPartition(namedBy(claims, userClaim), partitionPrefix);
  if (sub === null)
    return { problem: `The claim ${userClaim} names no user: the issuer has to send it` };
  const { sid, jti } = claims;
  return { issuer, sub, sid: isJti(sid) ? sid : undefined, jti: `${jti}` };
}

/** Why verified claims are no logout; undefined where they are. */
function problemOf(claims: JWTPayload, { audience }: LogoutIssuer): string | undefined {
  const { aud, events, iat = 0, exp, jti } = claims;
  if (Object.hasOwn(claims, 'nonce')) return 'A logout token must not have a nonce';
  if (!isObject(events) || !isObject(events[LOGOUT_EVENT])) return 'The event is no logout';
  if (![aud].flat().some((name) => name !== undefined && audience.includes(name)))
    return 'The token is for another audience';
  const ageSeconds = Date.now() / 1_000 - iat;
  if (ageSeconds < -CLOCK_TOLERANCE_SECONDS) return 'The token was issued in the future';
  if (exp === undefined && ageSeconds > MAX_AGE_SECONDS) return 'The token is too old';
  if (typeof jti !== 'string' || jti === '') return 'The jti must be a text';
  return claims.sid === undefined || isJti(claims.sid) ? undefined : 'The sid is no session id';
}

const PROBLEMS: Readonly<Record<RefusedSignature, string>> = {
  malformed_header: 'The header is malformed',
  unsupported_header: 'The header has members that are not supported',
  unsupported_type: 'The typ is not that of a logout token',
  too_large: 'The token is too large',
  malformed: 'The token is malformed',
  algorithm_not_allowed: 'The algorithm is not allowed',
  unknown_key: 'No key of the issuer has signed the token',
  bad_signature: 'No key of the issuer has signed the token',
  wrong_issuer: 'The token is of another issuer',
  invalid_claims: 'A claim is missing or of the wrong type',
};
