import { decodeUtf8, isObject, parseJson } from '../../lib/shared/json.ts';
import { parseTokenHeader } from '../../lib/tokens/header.ts';
import type { KeySet, VerificationKey } from '../../lib/tokens/key-set.ts';
import { type Issuer, issuerOf, type Verification, verifyToken } from '../../lib/tokens/verify.ts';
import type { Failure } from './checks.ts';

/** JSON of a token. */
export type Json = Readonly<Record<string, unknown>>;

/** A token, and what the verifier makes of it. */
export interface Examined {
  readonly token: string;
  /** Unverified, unless the verification says otherwise; empty where there is no JSON object. */
  readonly header: Json;
  readonly claims: Json;
  readonly issuers: readonly Issuer[];
  /** The token's; undefined where its `iss` names none of several. */
  readonly issuer: Issuer | undefined;
  /** Keys that the verifier tries for the header. */
  readonly keys: readonly VerificationKey[];
  readonly signedBy: VerificationKey | undefined;
  /** Undefined where the keys could not be read. */
  readonly verification: Verification | undefined;
  readonly failure: Failure | undefined;
  /** Why the keys could not be read. */
  readonly problem?: string;
}

/** Verifies a token as every endpoint does, and finds out by which key. */
export async function examine(token: string, issuers: readonly Issuer[]): Promise<Examined> {
  const [header = '', payload = ''] = token.split('.');
  const issuer = issuerOf(payload, issuers);
  const read = { token, header: jsonOf(header), claims: jsonOf(payload), issuers, issuer };
  try {
    const verification = await verifyToken(token, issuers);
    const keys = issuer ? await candidates(issuer.keys, header) : [];
    const signedBy = issuer && (await signingKey(token, issuer, keys));
    return { ...read, keys, signedBy, verification, failure: failureOf(verification) };
  } catch (error) {
    const { message, cause } = error instanceof Error ? error : new Error(String(error));
    const problem = cause instanceof Error ? `${message}: ${cause.message}` : message;
    const unknown = { keys: [], signedBy: undefined, verification: undefined, problem };
    return { ...read, ...unknown, failure: 'keys_unavailable' };
  }
}

function failureOf(verification: Verification): Failure | undefined {
  if (verification.status === 'refused') return verification.reason;
  return verification.status === 'verified' ? undefined : verification.status;
}

async function candidates(keys: KeySet, part: string): Promise<readonly VerificationKey[]> {
  const header = parseTokenHeader(part);
  const alg = typeof header === 'string' ? undefined : keys.algorithms.find((a) => a === header.alg);
  if (typeof header === 'string' || !alg) return [];
  return (await keys.resolve({ ...header, alg }, 'cached')).keys;
}

/** The verifier itself tells, asked with one key at a time. */
async function signingKey(token: string, issuer: Issuer, keys: readonly VerificationKey[]) {
  for (const key of keys) {
    const resolve = async () => ({ keys: [key], fetchedAtMs: Number.POSITIVE_INFINITY });
    const only = { ...issuer, keys: { ...issuer.keys, resolve } };
    if (failureOf(await verifyToken(token, [only])) !== 'bad_signature') return key;
  }
  return undefined;
}

function jsonOf(part: string): Json {
  const value = parseJson(decodeUtf8(Buffer.from(part, 'base64url')) ?? '');
  return isObject(value) ? value : {};
}
