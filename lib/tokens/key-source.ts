import { parameterSource } from '../aws/ssm.ts';
import { cacheSource, fixedSource, type Source } from '../shared/refresh.ts';
import type { KeySource, TokenConfiguration } from './config.ts';
import { hmacKeys, parseSecrets } from './hmac-keys.ts';
import { type KeySet, matchingKeys, type VerificationKey } from './key-set.ts';
import { fetchJwks } from './remote-jwks.ts';

/** Age at which a cached JWKS is fetched again, in milliseconds. */
export const JWKS_MAX_AGE_MS = 600_000;

/**
 * Creates the configured key set. Remote keys are fetched for the first token.
 *
 * @param onStale called when a refresh fails and older keys stay in use
 */
export function createKeySet(
  { keySource, algorithms }: Pick<TokenConfiguration, 'keySource' | 'algorithms'>,
  onStale: (error: unknown) => void = () => {},
): KeySet {
  const snapshots = snapshotsOf(keySource, onStale);
  return {
    algorithms,
    resolve: async (header, freshness) => {
      const { value, fetchedAtMs } = await snapshots(freshness);
      return { value: matchingKeys(value, header), fetchedAtMs };
    },
  };
}

function snapshotsOf(
  source: KeySource,
  onStale: (error: unknown) => void,
): Source<readonly VerificationKey[]> {
  switch (source.kind) {
    case 'secrets':
      return fixedSource(hmacKeys(source.secrets));
    case 'public-keys':
      return fixedSource(source.keys);
    case 'secret-parameter':
      return parameterSource(source.name, 'JWT_SECRET_PARAMETER', parseKeys, onStale);
    case 'jwks-url':
      return cacheSource(fetchJwks(source.url), JWKS_MAX_AGE_MS, onStale);
  }
}

function parseKeys(text: string, variable: string): readonly VerificationKey[] {
  return hmacKeys(parseSecrets(text, variable));
}
