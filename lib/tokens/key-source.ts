import { createSecretKey } from 'node:crypto';
import type { CryptoKey } from 'jose';
import { readSecretParameter } from '../aws/ssm.ts';
import { ConfigurationError } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import {
  type Algorithm,
  hmacAlgorithms,
  type KeySource,
  type TokenConfiguration,
} from './config.ts';
import { parseSecrets } from './hmac-keys.ts';
import type { Keys } from './key-set.ts';
import { publicKeys } from './public-keys.ts';
import { remoteKeySet } from './remote-jwks.ts';

/**
 * Prepares the configured keys. Nothing is fetched before the first token needs it.
 *
 * @returns keys whose `algorithms` are the configured allowlist, or else HS256 for a secret and all
 *   that a public key can verify
 * @throws ConfigurationError when a key can't be used, or not with the configured algorithms
 */
export function createKeySet({ keySource, algorithms }: TokenConfiguration): Keys {
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

/** The keys of a source, with every algorithm that they can verify. */
function readKeySource(source: KeySource): Keys {
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
    case 'public-key':
      return publicKeys(source.text);
    case 'jwks-url':
      return remoteKeySet(source.url);
  }
}

/**
 * The keys of secrets, by algorithm. They are made once: given as bytes or as Node's own keys, jose would
 * import them for every token. Measured: some 5 % of the CPU of a warm logout.
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
