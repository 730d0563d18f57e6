import { readSecretParameter } from '../aws/ssm.ts';
import { memoizeLast } from '../shared/memoize.ts';
import type { KeySource, TokenConfiguration } from './config.ts';
import { hmacKeys, parseSecrets } from './hmac-keys.ts';
import {
  FRESH_MS,
  type Freshness,
  type KeySet,
  type KeySnapshot,
  matchingKeys,
  type VerificationKey,
} from './key-set.ts';
import { fetchJwks } from './remote-jwks.ts';

/** Age at which cached keys are fetched again, in milliseconds. */
export const JWKS_MAX_AGE_MS = 600_000;
export const SECRET_MAX_AGE_MS = 300_000;
/** Age until which keys go on verifying while their refresh fails, in milliseconds. */
export const STALE_MAX_AGE_MS = 3_600_000;

type Snapshots = (freshness: Freshness) => Promise<KeySnapshot>;

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
      const { keys, fetchedAtMs } = await snapshots(freshness);
      return { keys: matchingKeys(keys, header), fetchedAtMs };
    },
  };
}

function snapshotsOf(source: KeySource, onStale: (error: unknown) => void): Snapshots {
  switch (source.kind) {
    case 'secrets':
      return configured(hmacKeys(source.secrets));
    case 'public-keys':
      return configured(source.keys);
    case 'secret-parameter': {
      // A refresh mostly brings the same text, whose keys are imported already.
      const parse = memoizeLast((text: string) =>
        hmacKeys(parseSecrets(text, 'JWT_SECRET_PARAMETER')),
      );
      const read = async () => parse(await readSecretParameter(source.name));
      return cacheKeys(read, SECRET_MAX_AGE_MS, onStale);
    }
    case 'jwks-url':
      return cacheKeys(fetchJwks(source.url), JWKS_MAX_AGE_MS, onStale);
  }
}

function configured(keys: readonly VerificationKey[]): Snapshots {
  return async () => ({ keys, fetchedAtMs: Number.POSITIVE_INFINITY });
}

/**
 * Caches the keys of a remote source. At most one fetch starts in {@link FRESH_MS}, and all requests of
 * this time share the result or the failure: neither a flood of forged tokens nor an outage multiplies
 * fetches.
 */
function cacheKeys(
  fetchKeys: () => Promise<readonly VerificationKey[]>,
  maxAgeMs: number,
  onStale: (error: unknown) => void,
): Snapshots {
  let latest: KeySnapshot | undefined;
  let attempt: { startedAtMs: number; snapshot: Promise<KeySnapshot> } | undefined;

  const isWithin = (milliseconds: number) =>
    latest !== undefined && Date.now() - latest.fetchedAtMs <= milliseconds;

  async function fetchSnapshot(fetchedAtMs: number): Promise<KeySnapshot> {
    try {
      const snapshot = { keys: await fetchKeys(), fetchedAtMs };
      // In a thawed process, an old fetch may end after a newer.
      if (!latest || latest.fetchedAtMs < fetchedAtMs) latest = snapshot;
      return snapshot;
    } catch (error) {
      if (isWithin(STALE_MAX_AGE_MS)) onStale(error);
      throw error;
    }
  }

  function refresh(): Promise<KeySnapshot> {
    const now = Date.now();
    if (!attempt || now - attempt.startedAtMs > FRESH_MS)
      attempt = { startedAtMs: now, snapshot: fetchSnapshot(now) };
    return attempt.snapshot;
  }

  return async (freshness) => {
    if (latest && isWithin(freshness === 'fresh' ? FRESH_MS : maxAgeMs)) return latest;
    try {
      return await refresh();
    } catch (error) {
      if (freshness === 'cached' && latest && isWithin(STALE_MAX_AGE_MS)) return latest;
      throw error;
    }
  };
}
