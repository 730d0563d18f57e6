import type { KeyObject } from 'node:crypto';
import type { CryptoKey } from 'jose';
import type { Freshness, Snapshot } from '../shared/refresh.ts';
import type { Algorithm } from './algorithms.ts';

/** A key in memory. Secrets, PEMs and some JWKs have no `kid`. */
export interface VerificationKey {
  readonly kid: string | undefined;
  readonly algorithms: readonly Algorithm[];
  /** The key in the form for jose, imported once per algorithm; undefined for a signature known to be wrong. */
  keyFor(algorithm: Algorithm, token: string): CryptoKey | KeyObject | undefined;
}

/** Header members that choose a key. */
export interface KeyHeader {
  readonly alg: Algorithm;
  readonly kid?: string;
}

/** The keys of an issuer. */
export interface KeySet {
  /** The allowlist. */
  readonly algorithms: readonly Algorithm[];
  /**
   * The keys that may have signed a token with this header: at most {@link MAX_KEYS_TRIED}.
   *
   * @throws JwksUnavailableError, SecretParameterError; ConfigurationError for a weak secret in SSM
   */
  resolve(header: KeyHeader, freshness: Freshness): Promise<Snapshot<readonly VerificationKey[]>>;
}

/**
 * Most keys tried for one token, so that a large key set can't be used to burn CPU. Several keys match
 * only where the token or the keys have no `kid`, or where keys share a `kid`.
 */
export const MAX_KEYS_TRIED = 8;

/** The keys for a header: by `alg` and `kid`; keys without `kid` where no key has the token's `kid`. */
export function matchingKeys(
  keys: readonly VerificationKey[],
  { alg, kid }: KeyHeader,
): readonly VerificationKey[] {
  const possible = keys.filter(({ algorithms }) => algorithms.includes(alg));
  if (kid === undefined) return possible.slice(0, MAX_KEYS_TRIED);
  const named = possible.filter((key) => key.kid === kid);
  const matching = named.length > 0 ? named : possible.filter((key) => key.kid === undefined);
  return matching.slice(0, MAX_KEYS_TRIED);
}
