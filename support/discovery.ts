import { isObject, parseJson } from '../lib/shared/json.ts';
import { jwksUrl } from '../lib/tokens/config.ts';

/** Longest discovery document, in bytes, and longest time until it is there, in milliseconds. */
const MAX_BYTES = 262_144;
const TIMEOUT_MS = 5_000;

/**
 * Finds the URL of an issuer's keys in its discovery document (OpenID Connect Discovery, section 4). Asks
 * by https only, but for http on this machine, and follows no redirect.
 *
 * @throws Error in one line where there is no document of this issuer with such a URL
 */
export async function discoverJwksUrl(issuer: string): Promise<URL> {
  // The issuer's URL has to be as safe as that of its keys.
  const base = jwksUrl(issuer, 'JWT_JWKS_URL').href.replace(/\/$/, '');
  const document = parseJson(await fetchText(`${base}/.well-known/openid-configuration`));
  if (!isObject(document)) throw new Error('the answer is no JSON object');
  // The document of another issuer would lead to another issuer's keys (section 4.3).
  if (document.issuer !== issuer) throw new Error('the document is that of another issuer');
  if (typeof document.jwks_uri !== 'string') throw new Error('the document has no jwks_uri');
  return jwksUrl(document.jwks_uri, 'JWT_JWKS_URL');
}

async function fetchText(url: string): Promise<string> {
  const response = await fetch(url, {
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: { Accept: 'application/json', 'User-Agent': 'true-logout' },
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the answer is ${response.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_BYTES) throw new Error(`the answer has more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
