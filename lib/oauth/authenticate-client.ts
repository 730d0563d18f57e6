import { hash, timingSafeEqual } from 'node:crypto';
import type { OAuthClients } from '../auth/oauth-clients.ts';
import type { HttpRequest } from '../http/request.ts';
import { decodeUtf8 } from '../shared/json.ts';
import { FRESH_MS } from '../shared/refresh.ts';
import type { ClientDirectory } from './client-directory.ts';

/** Why a client is refused (RFC 6749, section 5.2). */
export type ClientRefusal = 'invalid_client' | 'invalid_request';

interface Credentials {
  readonly id: string;
  readonly secret: string;
}

/**
 * Authenticates a client by `client_secret_basic` or `client_secret_post` (RFC 6749, section 2.3.1).
 *
 * @param form `client_id` and `client_secret` of the body
 * @returns the client's id, or the error code: `invalid_request` for two methods, or two clients, at once
 * @throws SecretParameterError, ConfigurationError: without the clients nothing is known
 */
export async function authenticateClient(
  request: Pick<HttpRequest, 'header'>,
  form: { readonly client_id?: string; readonly client_secret?: string },
  clients: ClientDirectory,
): Promise<{ readonly id: string } | { readonly error: ClientRefusal }> {
  const authorization = request.header('authorization');
  if (authorization !== undefined && form.client_secret !== undefined)
    return { error: 'invalid_request' };
  const { client_id: id, client_secret: secret } = form;
  const credentials =
    authorization === undefined
      ? id !== undefined && secret !== undefined && { id, secret }
      : basicCredentials(authorization);
  if (!credentials) return { error: 'invalid_client' };
  if (id !== undefined && id !== credentials.id) return { error: 'invalid_request' };
  const cached = await clients('cached');
  if (isKnown(credentials, cached.value)) return { id: credentials.id };
  if (Date.now() - cached.fetchedAtMs <= FRESH_MS) return { error: 'invalid_client' };
  // The secret may have been rotated since the clients were read.
  const fresh = await clients('fresh');
  return isKnown(credentials, fresh.value) ? { id: credentials.id } : { error: 'invalid_client' };
}

/** Compares with a hash in constant time, also for an unknown client. */
function isKnown({ id, secret }: Credentials, clients: OAuthClients): boolean {
  const actual = hash('sha256', secret, 'buffer');
  const expected = clients.get(id) ?? [UNKNOWN];
  return expected
    .map((hex) => timingSafeEqual(actual, Buffer.from(hex, 'hex')))
    .some((equal) => equal);
}

/** No text hashes to this. */
const UNKNOWN = '0'.repeat(64);

/** Id and secret are form-encoded before base64; the first colon separates them (RFC 7617, section 2). */
function basicCredentials(authorization: string): Credentials | null {
  const [, base64 = ''] = /^basic +(\S+)$/i.exec(authorization) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  // Node's decoder takes any alphabet, and stops where it pleases.
  if (bytes.toString('base64') !== base64) return null;
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(decodeUtf8(bytes) ?? '') ?? [];
  const decoded = [id, secret].map((part) => part && formDecoded(part));
  return decoded[0] && decoded[1] ? { id: decoded[0], secret: decoded[1] } : null;
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
