import { createSecretKey } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { readSecretParameter } from '../aws/ssm.ts';
import { ConfigurationError } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { type Algorithm, hmacAlgorithms } from './algorithms.ts';
import type { KeySource, TokenConfiguration } from './config.ts';
import { parseSecrets } from './hmac-keys.ts';
import type { KeySet } from './key-set.ts';
import { remoteKeySet } from './remote-jwks.ts';

/**
 * Creates the configured key set. Remote keys are fetched for the first token.
 *
 * @returns a key set with the configured allowlist; by default HS256 for secrets, and every algorithm of
 *   the public keys
 * @throws ConfigurationError when the keys can't verify a configured algorithm
 */
export function createKeySet({ keySource, algorithms }: TokenConfiguration): KeySet {
  const keys = readKeySource(keySource);
  const useless = algorithms?.find((algorithm) => !keys.algorithms.includes(algorithm));
  if (useless)
    throw new ConfigurationError(
      'JWT_ALGORITHMS',
      `names ${useless}, which the configured key cannot verify; it can ${keys.algorithms.join(', ')}`,
    );
  const usual = keys.algorithms === hmacAlgorithms ? (['HS256'] as const) : keys.algorithms;
  return { algorithms: algorithms ?? usual, resolve: keys.resolve };
}

/** The keys of a source, with every algorithm of their kind. */
function readKeySource(source: KeySource): KeySet {
  switch (source.kind) {
    case 'secrets': {
      const keysFor = secretKeys(source.secrets);
      return { algorithms: hmacAlgorithms, resolve: async ({ alg }) => keysFor(alg) };
    }
    case 'secret-parameter': {
      const keysOf = memoizeLast((text: string) =>
        secretKeys(parseSecrets(text, 'JWT_SECRET_PARAMETER')),
      );
      return {
        algorithms: hmacAlgorithms,
        resolve: async ({ alg }) => keysOf(await readSecretParameter(source.name))(alg),
      };
    }
    case 'public-keys':
      return source.keySet;
    case 'jwks-url':
      return remoteKeySet(source.url);
  }
}

/**
 * The CryptoKeys of secrets, created once per algorithm: jose imports bytes and KeyObjects anew for every
 * token. Measured: some 5 % of the CPU of a warm logout.
 */
function secretKeys(secrets: readonly string[]): (alg: Algorithm) => readonly CryptoKey[] {
  return memoizeLast((alg) =>
    secrets.map((secret) =>
      createSecretKey(Buffer.from(secret)).toCryptoKey(
        { name: 'HMAC', hash: `SHA-${alg.slice(2)}` },
        false,
        ['verify'],
      ),
    ),
  );
}
