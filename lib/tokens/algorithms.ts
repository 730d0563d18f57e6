import { ConfigurationError, words } from '../shared/environment.ts';

/** JWS algorithms of RFC 7518 (section 3.1), RFC 8037 and RFC 9864. */
export type Algorithm = `${'HS' | 'RS' | 'PS' | 'ES'}${256 | 384 | 512}` | 'EdDSA' | 'Ed25519';

/** Algorithms with a shared secret. */
export const hmacAlgorithms: readonly Algorithm[] = ['HS256', 'HS384', 'HS512'];

/** Algorithms with a key pair. */
export const asymmetricAlgorithms: readonly Algorithm[] = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const),
];

/**
 * Parses the allowlist in JWT_ALGORITHMS.
 *
 * @returns undefined for an empty list: the kind of key decides then
 * @throws ConfigurationError for unknown names, and for a list of both families
 */
export function parseAlgorithms(text: string | undefined): readonly Algorithm[] | undefined {
  const names = words(text);
  if (names.length === 0) return undefined;
  const known = [...hmacAlgorithms, ...asymmetricAlgorithms];
  const allowed = names.map((name, index) => {
    const algorithm = known.find((candidate) => candidate === name);
    // The message does not quote the name: a secret may have been pasted into the wrong variable.
    if (!algorithm)
      throw new ConfigurationError(
        'JWT_ALGORITHMS',
        `(name ${index + 1} of ${names.length}) is none of ${known.join(', ')}`,
      );
    return algorithm;
  });
  // A list of both families lets a public key serve as an HMAC secret (RFC 8725, section 2.1).
  if (new Set(allowed.map((name) => hmacAlgorithms.includes(name))).size > 1)
    throw new ConfigurationError(
      'JWT_ALGORITHMS',
      'mixes HMAC (HS…) with public-key algorithms; keep to one family',
    );
  return [...new Set(allowed.flatMap(synonyms))];
}

/** Two names of one algorithm, as only Ed25519 keys are supported for `EdDSA` (RFC 9864). */
const ED25519_NAMES: readonly Algorithm[] = ['EdDSA', 'Ed25519'];

/** All names of an algorithm. */
export function synonyms(algorithm: Algorithm): readonly Algorithm[] {
  return ED25519_NAMES.includes(algorithm) ? ED25519_NAMES : [algorithm];
}
