import { errors, type JWTPayload, jwtVerify } from 'jose';
import type { EndableSession, SessionMode } from '../sessions/session-mode.ts';
import { decodeUtf8, isObject, parseJson } from '../shared/json.ts';
import type { Algorithm } from './algorithms.ts';
import { type ExpectedClaims, type RefusedClaims, refusedClaims } from './claims.ts';
import { parseTokenHeader, type RefusedHeader } from './header.ts';
import { FRESH_MS, type KeySet, type VerificationKey } from './key-set.ts';
import { CLOCK_TOLERANCE_SECONDS, type SessionClaims, sessionOf } from './session-claims.ts';

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
export type Verification =
  | {
      readonly status: AuthenticTokenStatus;
      /** Verified. */
      readonly claims: JWTPayload;
      readonly session: EndableSession;
      /** Finds and ends the session. */
      readonly sessions: SessionMode;
    }
  | { readonly status: 'refused'; readonly reason: RefusalReason };

export type AuthenticTokenStatus = 'verified' | 'expired' | 'not_yet_valid' | 'sender_constrained';

export type RefusalReason =
  | RefusedHeader
  | RefusedClaims
  | 'too_large'
  | 'malformed'
  | 'algorithm_not_allowed'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'invalid_claims'
  | 'invalid_session_reference';

/** An issuer: its keys, the expected claims, and the sessions that its tokens name. */
export interface Issuer extends ExpectedClaims, SessionClaims {
  /** Expected `iss`; undefined: any. */
  readonly issuer: string | undefined;
  readonly keys: KeySet;
  readonly sessions: SessionMode;
}

/** Longest token, in bytes; API Gateway takes some 10 KiB of headers altogether. */
export const MAX_TOKEN_BYTES = 8_192;
/** EF BB BF at the start of a part. jose skips a byte order mark; JSON must not have one (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = '77u_';

/**
 * Verifies a bearer token: size, alphabet, header, signature, and only then the claims.
 *
 * @param issuers of several, the unverified `iss` only chooses whose keys are asked; the verified one is
 *   compared after
 * @throws JwksUnavailableError, SecretParameterError, ConfigurationError: without keys, nothing is known
 *   about the token
 */
export async function verifyToken(
  token: string,
  issuers: readonly Issuer[],
): Promise<Verification> {
  // Both checks precede jose, whose lenient decoder accepts characters outside the alphabet.
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return refused('too_large');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) return refused('malformed');
  if (parts[1]?.startsWith(BYTE_ORDER_MARK)) return refused('malformed');

  const header = parseTokenHeader(parts[0] ?? '');
  if (typeof header === 'string') return refused(header);
  const issuer = issuerOf(parts[1] ?? '', issuers);
  if (!issuer) return refused('wrong_issuer');
  const algorithm = issuer.keys.algorithms.find((allowed) => allowed === header.alg);
  if (!algorithm) return refused('algorithm_not_allowed');

  const keyHeader = { ...header, alg: algorithm };
  const cached = await issuer.keys.resolve(keyHeader, 'cached');
  const outcome = await verifyWithAny(cached.keys, token, algorithm, issuer);
  // The issuer may have rotated its keys since the fetch: only fresh ones refuse a token.
  if (!isAboutKeys(outcome) || Date.now() - cached.fetchedAtMs <= FRESH_MS) return outcome;
  const fresh = await issuer.keys.resolve(keyHeader, 'fresh');
  return verifyWithAny(fresh.keys, token, algorithm, issuer);
}

/**
 * The issuer that an unverified payload names; a single issuer needs no name.
 *
 * @param payload base64url
 */
export function issuerOf(payload: string, issuers: readonly Issuer[]): Issuer | undefined {
  if (issuers.length === 1) return issuers[0];
  const claims = parseJson(decodeUtf8(Buffer.from(payload, 'base64url')) ?? '');
  return isObject(claims) ? issuers.find(({ issuer }) => issuer === claims.iss) : undefined;
}

async function verifyWithAny(
  keys: readonly VerificationKey[],
  token: string,
  algorithm: Algorithm,
  issuer: Issuer,
): Promise<Verification> {
  let outcome = refused('unknown_key');
  for (const key of keys) {
    outcome = await verifyWith(key, token, algorithm, issuer);
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
  issuer: Issuer,
): Promise<Verification> {
  try {
    const { payload } = await jwtVerify(token, key.keyFor(algorithm), {
      algorithms: [algorithm],
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      ...(issuer.issuer === undefined ? {} : { issuer: issuer.issuer }),
    });
    const constrained = Object.hasOwn(payload, 'cnf');
    return authentic(constrained ? 'sender_constrained' : 'verified', payload, token, issuer);
  } catch (error) {
    return outcomeOf(error, token, issuer);
  }
}

/** jose checks `nbf` and `exp` last: signature and issuer hold then, and the payload is verified. */
function outcomeOf(error: unknown, token: string, issuer: Issuer): Verification {
  if (error instanceof errors.JWTExpired) return authentic('expired', error.payload, token, issuer);
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload } = error;
    if (claim === 'nbf' && reason === 'check_failed')
      return authentic('not_yet_valid', payload, token, issuer);
    return refused(claim === 'iss' ? 'wrong_issuer' : 'invalid_claims');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('bad_signature');
  if (error instanceof errors.JWTInvalid) return refused('invalid_claims');
  if (error instanceof errors.JWSInvalid) return refused('malformed');
  throw error;
}

function authentic(
  status: AuthenticTokenStatus,
  claims: JWTPayload,
  token: string,
  issuer: Issuer,
): Verification {
  const reason = refusedClaims(claims, issuer);
  if (reason) return refused(reason);
  const session = sessionOf(claims, token, issuer);
  if (!session) return refused('invalid_session_reference');
  return { status, claims, session, sessions: issuer.sessions };
}

function refused(reason: RefusalReason): Verification {
  return { status: 'refused', reason };
}

/** No foreign characters, padding or stray bits, so that a token has one text only (RFC 7515, section 2). */
function isCanonicalBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
