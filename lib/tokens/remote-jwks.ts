import { type CryptoKey, createRemoteJWKSet, customFetch, type FetchImplementation } from 'jose';
import { timeouts } from '../shared/timeouts.ts';
import { asymmetricAlgorithms } from './algorithms.ts';
import { type KeySet, matchingKeys } from './key-set.ts';
import { MIN_RSA_BITS } from './public-keys.ts';

/** The JWKS could not be fetched, so nothing is known about the token. */
export class JwksUnavailableError extends Error {
  override readonly name = 'JwksUnavailableError';
}

/** Life of a fetched key set in the cache, in milliseconds. */
export const KEY_SET_MAX_AGE_MS = 600_000;
/**
 * Time after a fetch without another fetch for an unknown `kid`, in milliseconds. An issuer must not
 * sign with a new key earlier than this after publishing.
 */
export const KEY_SET_COOLDOWN_MS = 30_000;
/** Shortest time between the beginnings of two fetches, in milliseconds; longer than one may take. */
export const KEY_SET_RETRY_MS = 3_000;
/** Largest key set that is read, in bytes: some hundreds of keys. */
export const KEY_SET_MAX_BYTES = 262_144;

/**
 * The keys at JWT_JWKS_URL, fetched for the first token. Unsupported keys (RSA below
 * {@link MIN_RSA_BITS}, symmetric keys) are skipped.
 */
export function remoteKeySet(url: URL): KeySet {
  const keySet = createRemoteJWKSet(url, {
    timeoutDuration: timeouts.keySetMs,
    cooldownDuration: KEY_SET_COOLDOWN_MS,
    cacheMaxAge: KEY_SET_MAX_AGE_MS,
    [customFetch]: restrainedFetch(),
  });
  return {
    algorithms: asymmetricAlgorithms,
    resolve: async (header) => {
      try {
        const keys = await matchingKeys(keySet, header);
        // An issuer without keys has signed nothing: the key set is wrong, not the token.
        if (keys.length === 0 && keySet.jwks()?.keys.length === 0)
          throw new Error('The key set is empty');
        return keys.filter(isLongEnough);
      } catch (cause) {
        throw new JwksUnavailableError('The key set at JWT_JWKS_URL could not be read', { cause });
      }
    },
  };
}

/**
 * Adds what createRemoteJWKSet lacks: back-off after a failed fetch, and a size limit. (After a
 * successful fetch, jose's cool-down is longer.)
 */
function restrainedFetch(): FetchImplementation {
  let nextFetchAt = 0;
  return async (url, options) => {
    const now = Date.now();
    if (now < nextFetchAt)
      throw new Error('The JWKS endpoint was asked a moment ago, and gave no key set');
    nextFetchAt = now + KEY_SET_RETRY_MS;
    const response = await fetch(url, options).catch((error: unknown) => {
      if (options.signal.aborted) throw error;
      return fetch(url, options); // a kept-alive connection may be gone by now
    });
    if (response.status !== 200) throw new Error(`The JWKS endpoint answered ${response.status}`);
    return new Response(await readBody(response));
  };
}

async function readBody(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > KEY_SET_MAX_BYTES)
      throw new Error(`The key set is larger than ${KEY_SET_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function isLongEnough({ algorithm }: CryptoKey): boolean {
  return !('modulusLength' in algorithm) || Number(algorithm.modulusLength) >= MIN_RSA_BITS;
}
