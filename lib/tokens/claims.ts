import type { JWTPayload } from 'jose';

/** Expected claims of an issuer's tokens, beside `iss` and the times: jose checks these. */
export interface ExpectedClaims {
  /** One of these has to be in `aud`; empty: any audience. */
  readonly audience: readonly string[];
  /** Parts of JWT_REQUIRE, each a `claim=value` or a `claim`. */
  readonly required: readonly string[];
}

export type RefusedClaims = 'wrong_audience' | 'missing_claim' | 'security_event';

/**
 * Claims with the client of a token, by issuer. They stand in for an absent `aud`, as with API Gateway's JWT
 * authorizer.
 */
export const CLIENT_CLAIMS = ['client_id', 'azp', 'cid', 'appid'] as const;

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

/** Whether a claim has the value, holds the value as a member of an array, or is there. */
function holds(claims: JWTPayload, required: string): boolean {
  const [name = '', ...rest] = required.split('=');
  if (!Object.hasOwn(claims, name)) return false;
  return rest.length === 0 || [claims[name]].flat().includes(rest.join('='));
}
