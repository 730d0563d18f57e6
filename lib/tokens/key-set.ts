import type { KeyObject } from 'node:crypto';
import { type CryptoKey, errors } from 'jose';
import type { Algorithm } from './algorithms.ts';

export type VerificationKey = KeyObject | CryptoKey;

/** Header members that choose a key. */
export interface KeyHeader {
  readonly alg: Algorithm;
  readonly kid?: string;
}

/** The keys of an issuer, and the algorithms that they may verify. */
export interface KeySet {
  /** The allowlist. */
  readonly algorithms: readonly Algorithm[];
  /**
   * The keys that may have signed a token with this header: at most {@link MAX_KEYS_TRIED}, possibly
   * none.
   *
   * @throws JwksUnavailableError when the JWKS could not be fetched
   * @throws SecretParameterError when SSM could not be asked
   * @throws ConfigurationError when the secret in SSM is missing or weak
   */
  resolve(header: KeyHeader): Promise<readonly VerificationKey[]>;
}

/**
 * Most keys tried for one token, so that a large key set can't be used to burn CPU. Several keys match
 * only where the token has no `kid`, or where keys share a `kid`.
 */
export const MAX_KEYS_TRIED = 8;

/** Looks up all matching keys in a key set of jose's, which by itself throws unless exactly one matches. */
export async function matchingKeys(
  keySet: (header: { alg: string; kid?: string }) => Promise<CryptoKey>,
  header: KeyHeader,
): Promise<readonly CryptoKey[]> {
  try {
    return [await keySet({ ...header })];
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return [];
    // Keys without a `kid`, or a token without: each may have signed.
    if (error instanceof errors.JWKSMultipleMatchingKeys) return firstKeys(error);
    throw error;
  }
}

async function firstKeys(keys: AsyncIterable<CryptoKey>): Promise<readonly CryptoKey[]> {
  const found: CryptoKey[] = [];
  for await (const key of keys) {
    found.push(key);
    if (found.length === MAX_KEYS_TRIED) break;
  }
  return found;
}
