import { DependencyError } from '../shared/dependency-error.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { startDeadline, timeouts } from '../shared/timeouts.ts';
import type { VerificationKey } from './key-set.ts';
import { parseJwks } from './public-keys.ts';

/** The JWKS could not be fetched, so nothing is known about the token. */
export class JwksUnavailableError extends DependencyError {
  override readonly name = 'JwksUnavailableError';
}

/** Largest JWKS, in bytes: some hundreds of keys. */
export const JWKS_MAX_BYTES = 262_144;

/**
 * Returns a function that fetches the keys at a URL. Private and unsupported keys are skipped
 * (RFC 7517, section 5).
 *
 * @throws JwksUnavailableError also for a JWKS without a usable key: its issuer has signed the token
 *   with something
 */
export function fetchJwks(url: URL): () => Promise<readonly VerificationKey[]> {
  const parse = memoizeLast(parseUsableKeys); // an unchanged text keeps its imported keys
  return async () => {
    try {
      return parse(await fetchText(url));
    } catch (cause) {
      // Without the query, which may hold a key of the issuer's API.
      throw new JwksUnavailableError(`GET ${url.origin}${url.pathname}`, cause);
    }
  };
}

function parseUsableKeys(text: string): readonly VerificationKey[] {
  const { keys, problems } = parseJwks(text);
  if (keys.length === 0) throw new Error(`The JWKS ${problems[0]}`);
  return keys;
}

async function fetchText(url: URL): Promise<string> {
  using deadline = startDeadline(timeouts.keySetMs);
  const options = {
    signal: deadline.abortSignal,
    // A redirect could lead to plain http, or to an address inside the network.
    redirect: 'manual',
    headers: { Accept: 'application/jwk-set+json, application/json', 'User-Agent': 'true-logout' },
  } as const;
  const response = await fetch(url, options).catch(() => {
    deadline.abortSignal.throwIfAborted();
    return fetch(url, options); // a kept-alive connection may be gone by now
  });
  if (response.status !== 200) {
    await response.body?.cancel(); // gives the connection back
    throw new Error(`The JWKS endpoint answered ${response.status}`);
  }
  return new TextDecoder().decode(await readBody(response));
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > JWKS_MAX_BYTES) throw new Error(`The JWKS is larger than ${JWKS_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
