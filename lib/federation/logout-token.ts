import type { JWTPayload } from 'jose';
import { isJti, userPartition } from '../sessions/key.ts';
import { isObject } from '../shared/json.ts';
import { CLOCK_TOLERANCE_SECONDS, namedBy } from '../tokens/session-claims.ts';
import { verifySigned } from '../tokens/verify-signed.ts';
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

/** Why a logout token ends nothing: a code for the log, with the `error_description` of the answer. */
export const PROBLEMS = {
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
  expired: 'The token is too old',
  not_yet_valid: 'The token is not valid yet',
  wrong_audience: 'The token is for another audience',
  no_logout_event: 'The event is no logout',
  invalid_session_reference: 'The token names no session',
} as const;

/**
 * Verifies a logout token by section 2.6, with the leniency of real senders: `exp` may be missing, `aud` may
 * be an array, `events` may have further members, and unknown claims are ignored.
 *
 * @throws JwksUnavailableError: without keys, nothing is known about the token
 */
export async function verifyLogoutToken(
  text: string,
  issuers: readonly LogoutIssuer[],
): Promise<LogoutToken | ReturnType<typeof refusal>> {
  const signed = await verifySigned(text, issuers, LOGOUT_TOKEN);
  if (signed.status === 'refused') return refusal(signed.reason);
  const { claims, issuer, status } = signed;
  if (status !== 'verified') return refusal(status);
  const refused = refusedBy(claims, issuer);
  if (refused) return refused;
  const { userClaim, partitionPrefix } = issuer;
  const sub = userPartition(namedBy(claims, userClaim), partitionPrefix);
  if (sub === null) {
    const problem = `The claim ${userClaim} names no user: the issuer has to send it`;
    return refusal('invalid_session_reference', problem);
  }
  const { sid, jti } = claims;
  return { issuer, sub, sid: isJti(sid) ? sid : undefined, jti: `${jti}` };
}

/** Why verified claims are no logout; undefined where they are. */
function refusedBy(claims: JWTPayload, { audience }: LogoutIssuer) {
  const { aud, events, iat = 0, exp, jti, sid } = claims;
  // By this claim, an ID token is never a logout token (section 2.4).
  if (Object.hasOwn(claims, 'nonce'))
    return refusal('no_logout_event', 'A logout token must not have a nonce');
  if (!isObject(events) || !isObject(events[LOGOUT_EVENT])) return refusal('no_logout_event');
  if (![aud].flat().some((name) => name !== undefined && audience.includes(name)))
    return refusal('wrong_audience');
  const ageSeconds = Date.now() / 1_000 - iat;
  if (ageSeconds < -CLOCK_TOLERANCE_SECONDS)
    return refusal('not_yet_valid', 'The token was issued in the future');
  if (exp === undefined && ageSeconds > MAX_AGE_SECONDS) return refusal('expired');
  if (typeof jti !== 'string' || jti === '')
    return refusal('invalid_claims', 'The jti must be a text');
  // Some senders write null for "none".
  return (sid ?? undefined) === undefined || isJti(sid)
    ? undefined
    : refusal('invalid_session_reference', 'The sid is no session id');
}

/** A refusal: its code for the log, and its text for the answer. */
function refusal(reason: keyof typeof PROBLEMS, problem: string = PROBLEMS[reason]) {
  return { reason, problem };
}
