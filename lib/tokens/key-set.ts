import type { KeyObject } from 'node:crypto';
import { type CryptoKey, errors } from 'jose';
import type { Algorithm } from './config.ts';

export type VerificationKey = KeyObject | CryptoKey;

/** The members of a token's header that choose a key. Key material in the header is never looked at. */
export interface KeyHeader {
  readonly alg: Algorithm;
  readonly kid?: string;
}

/** What can verify a token, and with which algorithms. */
export interface Keys {
  /** The algorithms that a token may use. */
  readonly algorithms: readonly Algorithm[];
  /**
   * The keys that may have signed a token with this header, at most {@link MAX_KEYS_TRIED}; none when
   * the issuer has no such key.
   *
   * @throws JwksUnavailableError when the issuer's key set could not be read
   * @throws SecretParameterError when the secret could not be read from SSM
   * @throws ConfigurationError when a secret that is read at run time is missing or weak
   */
  resolve(hint: KeyHeader): Promise<readonly VerificationKey[]>;
}

/**
 * Most keys tried for one token, so that a crowded key set can't be used to burn CPU. Only a token
 * without a `kid`, or keys that share one, leave more than one to try.
 */
export const MAX_KEYS_TRIED = 8;

/** Looks up a key set of jose's, in which a token's header matches one key, several or none. */
export async function matchingKeys(
  keySet: (hint: { alg: string; kid?: string }) => Promise<CryptoKey>,
  hint: KeyHeader,
): Promise<readonly CryptoKey[]> {
  try {
    return [await keySet({ ...hint })];
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return [];
    // Keys without a `kid`, or a token without one: any of them may have signed.
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
