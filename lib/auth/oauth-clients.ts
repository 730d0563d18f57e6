import { ConfigurationError, type Environment } from '../shared/environment.ts';
import { isObject, parseJson } from '../shared/json.ts';
import { parameterName } from '../tokens/config.ts';

/** SHA-256 hashes of clients' secrets in hex, by client id: one, or two while a secret rotates. */
export type OAuthClients = ReadonlyMap<string, readonly string[]>;

/** The clients of introspection and revocation, or the SSM parameter with the clients. */
export type ClientSource =
  | { readonly kind: 'clients'; readonly clients: OAuthClients }
  | { readonly kind: 'parameter'; readonly name: string };

/** Whether introspection and revocation are on. */
export function hasOAuthClients(environment: Environment): boolean {
  return Boolean(environment.OAUTH_CLIENTS || environment.OAUTH_CLIENTS_PARAMETER);
}

/** Most secrets of a client at once. */
const MAX_SECRETS = 2;

/**
 * Reads OAUTH_CLIENTS or OAUTH_CLIENTS_PARAMETER; undefined where neither is set.
 *
 * @throws ConfigurationError
 */
export function readClientSource({
  OAUTH_CLIENTS: text,
  OAUTH_CLIENTS_PARAMETER: parameter,
}: Environment): ClientSource | undefined {
  if (text && parameter)
    throw new ConfigurationError('OAUTH_CLIENTS_PARAMETER', 'is set beside OAUTH_CLIENTS; set one');
  if (text) return { kind: 'clients', clients: parseClients(text, 'OAUTH_CLIENTS') };
  return parameter
    ? { kind: 'parameter', name: parameterName(parameter, 'OAUTH_CLIENTS_PARAMETER') }
    : undefined;
}

/**
 * Parses clients: `{"client id": "sha256 of its secret in hex"}`. No client at all is a value too: refused as an
 * error, it would leave the last removed client in use for as long as failed refreshes go on.
 *
 * @param variable for the message of an error; no message quotes a hash
 * @throws ConfigurationError
 */
export function parseClients(text: string, variable: string): OAuthClients {
  const clients = parseJson(text);
  if (!isObject(clients))
    throw new ConfigurationError(
      variable,
      'is no JSON object of clients; npm run client makes one',
    );
  return new Map(
    Object.entries(clients).map(([id, value], index) => {
      const hashes = typeof value === 'string' ? value.split(' ') : [];
      if (hashes.length > MAX_SECRETS || !hashes.every((hash) => /^[0-9a-f]{64}$/.test(hash)))
        throw new ConfigurationError(
          variable,
          `(client ${index + 1}) is no SHA-256 in lower-case hex, nor two separated by a space`,
        );
      if (hashes.length === 0 || id === '')
        throw new ConfigurationError(variable, `(client ${index + 1}) has no id or no hash`);
      return [id, hashes];
    }),
  );
}
