import {
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwtVerify,
} from 'jose';
import { decodeUtf8, isObject, parseJson } from '../shared/json.ts';
import { decideBy } from '../shared/refresh.ts';
import { parseTokenHeader, type RefusedHeader } from './header.ts';
import type { KeyHeader, KeySet, VerificationKey } from './key-set.ts';
import { CLOCK_TOLERANCE_SECONDS } from './session-claims.ts';

/** Whoever signs tokens. */
export interface Signer {
  /** Expected `iss`; undefined: any. */
  readonly issuer: string | undefined;
  readonly keys: KeySet;
}

/** The look of tokens of one purpose. */
export interface TokenKind {
  /** Accepted values of `typ` in lower case; an absent `typ` is always accepted. */
  readonly types: readonly string[];
  readonly requiredClaims: readonly string[];
}

/** Whether a token is within its life. */
export type Status = 'verified' | 'expired' | 'not_yet_valid';

export type RefusedSignature =
  | RefusedHeader
  | 'too_large'
  | 'malformed'
  | 'algorithm_not_allowed'
  | 'unknown_key'
  | 'bad_signature'
  | 'wrong_issuer'
  | 'invalid_claims';

interface Refused {
  readonly status: 'refused';
  readonly reason: RefusedSignature;
}

type Outcome = { readonly status: Status; readonly claims: JWTPayload } | Refused;

/** Longest token, in bytes; API Gateway takes some 10 KiB of headers altogether. */
export const MAX_TOKEN_BYTES = 8_192;
/** EF BB BF at the start of a part. jose skips a byte order mark; JSON must not have one (RFC 8259, section 8.1). */
const BYTE_ORDER_MARK = '77u_';

/**
 * Verifies a token up to its issuer and its life; the other claims are left to the caller.
 *
 * @param issuers of several, the unverified `iss` only chooses whose keys are asked
 * @throws JwksUnavailableError, SecretParameterError, ConfigurationError: without keys, nothing is known
 *   about the token
 */
export async function verifySigned<Issuer extends Signer>(
  token: string,
  issuers: readonly Issuer[],
  { types, requiredClaims }: TokenKind,
): Promise<{ status: Status; claims: JWTPayload; issuer: Issuer } | Refused> {
  // Both checks precede jose, whose lenient decoder accepts characters outside the alphabet.
  if (Buffer.byteLength(token) > MAX_TOKEN_BYTES) return refused('too_large');
  const parts = token.split('.');
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) return refused('malformed');
  const [protectedHeader = '', payload = ''] = parts;
  if (payload.startsWith(BYTE_ORDER_MARK)) return refused('malformed');

  const header = parseTokenHeader(protectedHeader, types);
  if (typeof header === 'string') return refused(header);
  const issuer = issuerOf(payload, issuers);
  if (!issuer) return refused('wrong_issuer');
  const algorithm = issuer.keys.algorithms.find((allowed) => allowed === header.alg);
  if (!algorithm) return refused('algorithm_not_allowed');

  const keyHeader = { ...header, alg: algorithm };
  const outcome = await verifySignature(token, keyHeader, issuer, requiredClaims);
  return outcome.status === 'refused' ? outcome : { ...outcome, issuer };
}

/** The issuer that an unverified payload names; jose compares the verified `iss`. */
function issuerOf<Issuer extends Signer>(
  payload: string,
  issuers: readonly Issuer[],
): Issuer | undefined {
  if (issuers.length === 1) return issuers[0];
  const claims = parseJson(decodeUtf8(Buffer.from(payload, 'base64url')) ?? '');
  return isObject(claims) ? issuers.find(({ issuer }) => issuer === claims.iss) : undefined;
}

/** The issuer may have rotated its keys since the fetch: only fresh ones refuse a token. */
async function verifySignature(
  token: string,
  header: KeyHeader,
  { keys, issuer }: Signer,
  requiredClaims: readonly string[],
): Promise<Outcome> {
  const options = {
    algorithms: [header.alg],
    requiredClaims: [...requiredClaims],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    ...(issuer === undefined ? {} : { issuer }),
  };
  return decideBy(
    (freshness) => keys.resolve(header, freshness),
    (candidates) => verifyWithAny(candidates, token, options, header),
    isAboutKeys,
  );
}

async function verifyWithAny(
  keys: readonly VerificationKey[],
  token: string,
  options: JWTVerifyOptions,
  { alg }: KeyHeader,
): Promise<Outcome> {
  let outcome: Outcome = refused('unknown_key');
  for (const candidate of keys) {
    const key = candidate.keyFor(alg, token);
    outcome = key
      ? await jwtVerify(token, key, options).then(verified, outcomeOf)
      : refused('bad_signature');
    if (!isAboutKeys(outcome)) break;
  }
  return outcome;
}

/** Whether other keys could give another outcome. */
function isAboutKeys(outcome: Outcome): boolean {
  return (
    outcome.status === 'refused' &&
    (outcome.reason === 'unknown_key' || outcome.reason === 'bad_signature')
  );
}

/** jose checks `nbf` and `exp` last: signature and issuer hold then, and the payload is verified. */
function outcomeOf(error: unknown): Outcome {
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

function verified({ payload: claims }: JWTVerifyResult): Outcome {
  return { status: 'verified', claims };
}

function refused(reason: RefusedSignature): Refused {
  return { status: 'refused', reason };
}

/** No foreign characters, padding or stray bits, so that a token has one text only (RFC 7515, section 2). */
function isCanonicalBase64url(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
