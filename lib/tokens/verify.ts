import { errors, type JWTPayload, jwtVerify } from 'jose';
import { type SessionKey, sessionKey } from '../sessions/key.ts';
import type { Algorithm, TokenConfiguration } from './config.ts';
import { parseTokenHeader, type RefusedHeader } from './header.ts';
import type { Keys, VerificationKey } from './key-set.ts';

/** What the verified claims say, and the session that they refer to. */
export interface Authentic {
  readonly claims: JWTPayload;
  readonly session: SessionKey;
}

/**
 * What became of a token.
 *
 * - `verified`: signed by a configured key, for us, and within its life.
 * - `expired`, `not_yet_valid`: the same, but outside its life. It opens nothing, and still names a
 *   session that logout ends.
 * - `refused`: nothing in it may be believed. The reason is a stable code for the log.
 */
export type Verification =
  | ({ readonly status: AuthenticTokenStatus } & Authentic)
  | { readonly status: 'refused'; readonly reason: RefusalReason };

export type AuthenticTokenStatus = 'verified' | 'expired' | 'not_yet_valid';

export type RefusalReason =
  | RefusedHeader
  | 'too_large'
  | 'malformed'
  | 'algorithm_not_allowed'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'invalid_claims'
  | 'invalid_session_reference';

/** What a verifier needs: the keys, and the claims that are checked. */
export type Verifier = Pick<TokenConfiguration, 'issuer' | 'audience'> & { readonly keys: Keys };

/** Longest token, in bytes; API Gateway takes some 10 KiB of headers altogether. */
export const MAX_TOKEN_BYTES = 8_192;
/** How far the issuer's clock may be off, for `exp` and `nbf`, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 5;

/** EF BB BF at the beginning of a part. RFC 8259 (section 8.1) forbids it in JSON; jose passes over it. */
const BYTE_ORDER_MARK = '77u_';

/**
 * Verifies a bearer token: size, alphabet, header, signature, and only then its claims.
 *
 * An expected miss is a value. What throws is a fault: the key could not be had, so nothing can be
 * said about the token.
 *
 * @throws JwksUnavailableError, SecretParameterError, ConfigurationError
 */
export async function verifyToken(token: string, verifier: Verifier): Promise<Verification> {
  // jose ignores characters that other parsers reject, and decodes lazily; so both come before it.
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return refused('too_large');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) return refused('malformed');
  if (parts[1]?.startsWith(BYTE_ORDER_MARK)) return refused('malformed');

  const header = parseTokenHeader(parts[0] ?? '');
  if (typeof header === 'string') return refused(header);
  const algorithm = verifier.keys.algorithms.find((allowed) => allowed === header.alg);
  if (!algorithm) return refused('algorithm_not_allowed');

  const keys = await verifier.keys.resolve({ ...header, alg: algorithm });
  let outcome = refused('unknown_key');
  for (const key of keys) {
    outcome = await verifyWith(key, token, algorithm, verifier);
    if (outcome.status !== 'refused' || outcome.reason !== 'bad_signature') break;
  }
  return outcome;
}

async function verifyWith(
  key: VerificationKey,
  token: string,
  algorithm: Algorithm,
  { issuer, audience }: Verifier,
): Promise<Verification> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: [algorithm],
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    });
    return authentic('verified', payload);
  } catch (error) {
    return outcomeOf(error);
  }
}

/**
 * jose checks `exp` last and `nbf` just before it, so an error about one of them means that the
 * signature, the issuer and the audience held; the error carries the verified payload.
 */
function outcomeOf(error: unknown): Verification {
  if (error instanceof errors.JWTExpired) return authentic('expired', error.payload);
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error;
    if (claim === 'nbf' && reason === 'check_failed') return authentic('not_yet_valid', payload);
    if (claim === 'iss') return refused('wrong_issuer');
    if (claim === 'aud') return refused('wrong_audience');
    return refused('invalid_claims');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('bad_signature');
  if (error instanceof errors.JWTInvalid) return refused('invalid_claims');
  if (error instanceof errors.JWSInvalid) return refused('malformed');
  throw error;
}

function authentic(status: AuthenticTokenStatus, claims: JWTPayload): Verification {
  const session = sessionKey(claims);
  return session ? { status, claims, session } : refused('invalid_session_reference');
}

function refused(reason: RefusalReason): Verification {
  return { status: 'refused', reason };
}

/**
 * Whether a part is base64url as RFC 7515 (section 2) has it: its alphabet, no padding, and no stray
 * bits in the last character, so that no second text of a token passes for it. A part may be empty:
 * what an empty one means is for the steps that follow.
 */
function isCanonicalBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
