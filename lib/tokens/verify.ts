import { errors, type JWTPayload, jwtVerify } from 'jose';
import { type SessionKey, sessionKey } from '../sessions/key.ts';
import type { Algorithm } from './algorithms.ts';
import type { TokenConfiguration } from './config.ts';
import { parseTokenHeader, type RefusedHeader } from './header.ts';
import { FRESH_MS, type KeySet, type VerificationKey } from './key-set.ts';

/** Verified claims and the key of their session. */
export interface Authentic {
  readonly claims: JWTPayload;
  readonly session: SessionKey;
}

/**
 * Result of verifying a token.
 *
 * - `verified`: signature, issuer and audience hold, and the token is within its life.
 * - `expired`, `not_yet_valid`: the same outside the token's life. Such a token opens nothing and still
 *   names the session for logout.
 * - `refused`: no claim may be believed. The reason is a stable code for the log.
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

/** The keys, and the expected claims. */
export type Verifier = Pick<TokenConfiguration, 'issuer' | 'audience'> & { readonly keys: KeySet };

/** Longest token, in bytes; API Gateway takes some 10 KiB of headers altogether. */
export const MAX_TOKEN_BYTES = 8_192;
/** Tolerated difference to the issuer's clock for `exp` and `nbf`, in seconds. */
export const CLOCK_TOLERANCE_SECONDS = 5;

/** EF BB BF at the start of a part. jose skips a byte order mark; JSON must not have one (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = '77u_';

/**
 * Verifies a bearer token: size, alphabet, header, signature, and only then the claims.
 *
 * @throws JwksUnavailableError, SecretParameterError, ConfigurationError: without keys, nothing is known
 *   about the token
 */
export async function verifyToken(token: string, verifier: Verifier): Promise<Verification> {
  // Both checks precede jose, whose lenient decoder accepts characters outside the alphabet.
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return refused('too_large');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) return refused('malformed');
  if (parts[1]?.startsWith(BYTE_ORDER_MARK)) return refused('malformed');

  const header = parseTokenHeader(parts[0] ?? '');
  if (typeof header === 'string') return refused(header);
  const algorithm = verifier.keys.algorithms.find((allowed) => allowed === header.alg);
  if (!algorithm) return refused('algorithm_not_allowed');

  const keyHeader = { ...header, alg: algorithm };
  const cached = await verifier.keys.resolve(keyHeader, 'cached');
  const outcome = await verifyWithAny(cached.keys, token, algorithm, verifier);
  // The issuer may have rotated its keys since the fetch: only fresh ones refuse a token.
  if (!isAboutKeys(outcome) || Date.now() - cached.fetchedAtMs <= FRESH_MS) return outcome;
  const fresh = await verifier.keys.resolve(keyHeader, 'fresh');
  return verifyWithAny(fresh.keys, token, algorithm, verifier);
}

async function verifyWithAny(
  keys: readonly VerificationKey[],
  token: string,
  algorithm: Algorithm,
  verifier: Verifier,
): Promise<Verification> {
  let outcome = refused('unknown_key');
  for (const key of keys) {
    outcome = await verifyWith(key, token, algorithm, verifier);
    if (!isAboutKeys(outcome)) break;
  }
  return outcome;
}

/** Whether other keys could give another outcome. */
function isAboutKeys(outcome: Verification): boolean {
  return (
    outcome.status === 'refused' &&
    (outcome.reason === 'unknown_key' || outcome.reason === 'bad_signature')
  );
}

async function verifyWith(
  key: VerificationKey,
  token: string,
  algorithm: Algorithm,
  { issuer, audience }: Verifier,
): Promise<Verification> {
  try {
    const { payload } = await jwtVerify(token, key.keyFor(algorithm), {
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

/** jose checks `nbf` and `exp` last: signature, issuer and audience hold then, and the payload is verified. */
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

/** No foreign characters, padding or stray bits, so that a token has one text only (RFC 7515, section 2). */
function isCanonicalBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
