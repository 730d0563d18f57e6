import { type CryptoKey, createRemoteJWKSet, customFetch, type FetchImplementation } from 'jose';
import { timeouts } from '../shared/timeouts.ts';
import { asymmetricAlgorithms } from './config.ts';
import { type Keys, matchingKeys } from './key-set.ts';
import { MIN_RSA_BITS } from './public-keys.ts';

/** The issuer's keys could not be had, so nothing can be said about the token. */
export class JwksUnavailableError extends Error {
  override readonly name = 'JwksUnavailableError';
}

/** How long a fetched key set is used without asking again, in milliseconds. */
export const KEY_SET_MAX_AGE_MS = 600_000;
/**
 * How long after a fetch an unknown `kid` causes no other, in milliseconds. An issuer that signs with
 * a key this soon after publishing it has its tokens refused for so long.
 */
export const KEY_SET_COOLDOWN_MS = 30_000;
/** Shortest time between the beginnings of two fetches, in milliseconds; longer than one may take. */
export const KEY_SET_RETRY_MS = 3_000;
/** Largest key set that is read, in bytes: some hundreds of keys. */
export const KEY_SET_MAX_BYTES = 262_144;

/**
 * The keys at JWT_JWKS_URL, fetched when the first token needs them. Those that the service does not
 * take (RSA below {@link MIN_RSA_BITS}, symmetric ones) count as not there.
 */
export function remoteKeySet(url: URL): Keys {
  const keySet = createRemoteJWKSet(url, {
    timeoutDuration: timeouts.keySetMs,
    cooldownDuration: KEY_SET_COOLDOWN_MS,
    cacheMaxAge: KEY_SET_MAX_AGE_MS,
    [customFetch]: restrainedFetch(),
  });
  return {
    algorithms: asymmetricAlgorithms,
    resolve: async (hint) => {
      try {
        const keys = await matchingKeys(keySet, hint);
        // An issuer without keys has signed nothing: it is the key set that is wrong, not the token.
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
 * What jose leaves open: a pause after a fetch that failed, so that a server in trouble is not asked
 * for every token; and a limit to what is read. (After one that succeeded, its cool-down is longer.)
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
      return fetch(url, options); // a connection kept from the last time may be gone by now
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
