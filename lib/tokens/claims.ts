import type { JWTPayload } from 'jose';

/** A claim that a token has to hold: with this value, as this member of an array, or at all. */
export interface RequiredClaim {
  readonly name: string;
  readonly value: string | undefined;
}

/** What an issuer's tokens have to say, beside `iss` and the times that jose checks. */
export interface ExpectedClaims {
  /** One of these has to be in `aud`; empty: any audience. */
  readonly audience: readonly string[];
  readonly required: readonly RequiredClaim[];
}

export type RefusedClaims = 'wrong_audience' | 'missing_claim' | 'security_event';

/** Claims that name the client of a token without `aud`, as with API Gateway's JWT authorizer. */
const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'] as const;

/**
 * Checks the verified claims of a token.
 *
 * @returns a reason code, or undefined where the claims are as expected: `wrong_audience`,
 *   `missing_claim` (JWT_REQUIRE), `security_event` (a token with `events` is a logout or security
 *   event token, whatever its `typ`; RFC 8417, section 2.2)
 */
export function refusedClaims(
  claims: JWTPayload,
  { audience, required }: ExpectedClaims,
): RefusedClaims | undefined {
  if (Object.hasOwn(claims, 'events')) return 'security_event';
  if (audience.length > 0 && !audiencesOf(claims).some((name) => audience.includes(name)))
    return 'wrong_audience';
  return required.every((claim) => holds(claims, claim)) ? undefined : 'missing_claim';
}

function audiencesOf(claims: JWTPayload): readonly string[] {
  const named: readonly unknown[] =
    claims.aud === undefined ? CLIENT_CLAIMS.map((name) => claims[name]) : [claims.aud].flat();
  return named.filter((name) => typeof name === 'string');
}

function holds(claims: JWTPayload, { name, value }: RequiredClaim): boolean {
  if (!Object.hasOwn(claims, name)) return false;
  const claim = claims[name];
  return value === undefined || claim === value || (Array.isArray(claim) && claim.includes(value));
}

/**
 * Parses JWT_REQUIRE: `claim=value` or `claim`, separated by spaces.
 *
 * @returns null where a part names no claim
 */
export function parseRequiredClaims(text = ''): readonly RequiredClaim[] | null {
  const parts = text.split(/\s+/).filter((part) => part !== '');
  if (parts.some((part) => part.startsWith('='))) return null;
  return parts.map((part) => {
    const [name = '', ...values] = part.split('=');
    return { name, value: values.length === 0 ? undefined : values.join('=') };
  });
}
