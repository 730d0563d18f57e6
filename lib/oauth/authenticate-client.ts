import { hash, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../http/request.ts';
import { decodeUtf8 } from '../shared/json.ts';
import { decideBy, type Source } from '../shared/refresh.ts';
import type { OAuthClients } from './clients.ts';

/** Why a client is refused (RFC 6749, section 5.2). */
export type ClientRefusal = 'invalid_client' | 'invalid_request';

/**
 * Authenticates a client by `client_secret_basic` or `client_secret_post` (RFC 6749, section 2.3.1).
 *
 * @param form `client_id` and `client_secret` of the body
 * @returns undefined for a known client, else the error code: `invalid_request` for two methods, or two
 *   clients, at once
 * @throws SecretParameterError, ConfigurationError: without the clients nothing is known
 */
export async function authenticateClient(
  request: Pick<HttpRequest, 'header'>,
  { client_id, client_secret }: { readonly client_id?: string; readonly client_secret?: string },
  clients: Source<OAuthClients>,
): Promise<ClientRefusal | undefined> {
  const authorization = request.header('authorization');
  if (authorization !== undefined && client_secret !== undefined) return 'invalid_request';
  const [id, secret] =
    authorization === undefined ? [client_id, client_secret] : credentialsOf(authorization);
  if (id === undefined || secret === undefined) return 'invalid_client';
  if (client_id !== undefined && client_id !== id) return 'invalid_request';
  // The secret may have been rotated since the clients were read.
  return decideBy(
    clients,
    async (known) => (hasSecret(known.get(id), secret) ? undefined : 'invalid_client'),
    (refusal) => refusal !== undefined,
  );
}

/** Compares with a hash in constant time, also for an unknown client. */
function hasSecret(hashes: readonly string[] = [UNKNOWN], secret: string): boolean {
  const actual = hash('sha256', secret, 'buffer');
  return hashes
    .map((hex) => timingSafeEqual(actual, Buffer.from(hex, 'hex')))
    .some((equal) => equal);
}

/** No text hashes to this. */
const UNKNOWN = '0'.repeat(64);

/** Id and secret are form-encoded before base64; the first colon separates them (RFC 7617, section 2). */
function credentialsOf(authorization: string): readonly (string | undefined)[] {
  const [, base64 = ''] = /^basic +(\S+)$/i.exec(authorization) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  // Node's decoder takes any alphabet, and stops where it pleases.
  if (bytes.toString('base64') !== base64) return [];
  const [, ...parts] = /^([^:]+):(.+)$/s.exec(decodeUtf8(bytes) ?? '') ?? [];
  return parts.map(formDecoded);
}

function formDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
