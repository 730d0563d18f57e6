import { errors, jwtVerify } from 'jose';
import type { SessionMode, SessionToken } from '../sessions/session-mode.ts';
import { decodeUtf8, isObject, parseJson } from '../shared/json.ts';
import { type ExpectedClaims, type RefusedClaims, refusedClaims } from './claims.ts';
import { parseTokenHeader, type RefusedHeader } from './header.ts';
import { FRESH_MS, type KeyHeader, type KeySet, type VerificationKey } from './key-set.ts';
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
 * @param issuers of several, the unverified `iss` only chooses whose keys are asked
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
  const [protectedHeader = '', payload = ''] = parts;
  if (payload.startsWith(BYTE_ORDER_MARK)) return refused('malformed');

  const header = parseTokenHeader(protectedHeader);
  if (typeof header === 'string') return refused(header);
  const issuer = issuerOf(payload, issuers);
  if (!issuer) return refused('wrong_issuer');
  const algorithm = issuer.keys.algorithms.find((allowed) => allowed === header.alg);
  if (!algorithm) return refused('algorithm_not_allowed');

  const outcome = await verifySignature(token, { ...header, alg: algorithm }, issuer);
  if (outcome.status === 'refused') return outcome;
  const reason = refusedClaims(outcome.claims, issuer);
  if (reason) return refused(reason);
  const session = sessionOf(outcome.claims, token, issuer);
  if (!session) return refused('invalid_session_reference');
  return { ...outcome, session, sessions: issuer.sessions };
}

/** The issuer that an unverified payload names; jose compares the verified `iss`. */
function issuerOf(payload: string, issuers: readonly Issuer[]): Issuer | undefined {
  if (issuers.length === 1) return issuers[0];
  const claims = parseJson(decodeUtf8(Buffer.from(payload, 'base64url')) ?? '');
  return isObject(claims) ? issuers.find(({ issuer }) => issuer === claims.iss) : undefined;
}

/** The claims of a token whose signature, issuer and times have been checked. */
type Signed = Pick<Authentic, 'status' | 'claims'> | Refused;

async function verifySignature(token: string, header: KeyHeader, issuer: Issuer): Promise<Signed> {
  const cached = await issuer.keys.resolve(header, 'cached');
  const outcome = await verifyWithAny(cached.keys, token, header, issuer);
  // The issuer may have rotated its keys since the fetch: only fresh ones refuse a token.
  if (!isAboutKeys(outcome) || Date.now() - cached.fetchedAtMs <= FRESH_MS) return outcome;
  const fresh = await issuer.keys.resolve(header, 'fresh');
  return verifyWithAny(fresh.keys, token, header, issuer);
}

async function verifyWithAny(
  keys: readonly VerificationKey[],
  token: string,
  header: KeyHeader,
  issuer: Issuer,
): Promise<Signed> {
  let outcome: Signed = refused('unknown_key');
  for (const key of keys) {
    outcome = await verifyWith(key, token, header, issuer);
    if (!isAboutKeys(outcome)) break;
  }
  return outcome;
}

/** Whether other keys could give another outcome. */
function isAboutKeys(outcome: Signed): boolean {
  return (
    outcome.status === 'refused' &&
    (outcome.reason === 'unknown_key' || outcome.reason === 'bad_signature')
  );
}

async function verifyWith(
  key: VerificationKey,
  token: string,
  { alg }: KeyHeader,
  { issuer }: Issuer,
): Promise<Signed> {
  try {
    const { payload: claims } = await jwtVerify(token, key.keyFor(alg), {
      algorithms: [alg],
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      ...(issuer === undefined ? {} : { issuer }),
    });
    return { status: Object.hasOwn(claims, 'cnf') ? 'sender_constrained' : 'verified', claims };
  } catch (error) {
    return outcomeOf(error);
  }
}

/** jose checks `nbf` and `exp` last: signature and issuer hold then, and the payload is verified. */
function outcomeOf(error: unknown): Signed {
  if (error instanceof errors.JWTExpired) return { status: 'expired', claims: error.payload };
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason, payload: claims } = error;
    if (claim === 'nbf' && reason === 'check_failed') return { status: 'not_yet_valid', claims };
    return refused(claim === 'iss' ? 'wrong_issuer' : 'invalid_claims');
  }
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('bad_signature');
  if (error instanceof errors.JWTInvalid) return refused('invalid_claims');
  if (error instanceof errors.JWSInvalid) return refused('malformed');
  throw error;
}

function refused(reason: RefusalReason): Refused {
  return { status: 'refused', reason };
}

/** No foreign characters, padding or stray bits, so that a token has one text only (RFC 7515, section 2). */
function isCanonicalBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
