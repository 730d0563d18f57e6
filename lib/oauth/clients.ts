import { parameterSource } from '../aws/ssm.ts';
import { reportStaleKeys } from '../observability/report-error.ts';
import { ConfigurationError, type Environment } from '../shared/environment.ts';
import { isObject, parseJson } from '../shared/json.ts';
import { fixedSource, type Source } from '../shared/refresh.ts';
import { parameterName } from '../tokens/config.ts';

/** SHA-256 hashes of clients' secrets in hex, by client id: one, or two while a secret rotates. */
export type OAuthClients = ReadonlyMap<string, readonly string[]>;

const IN_SSM = 'OAUTH_CLIENTS_PARAMETER';

/**
 * The clients of OAUTH_CLIENTS or OAUTH_CLIENTS_PARAMETER; undefined where neither is set.
 *
 * @throws ConfigurationError
 */
export function readClients({
  OAUTH_CLIENTS: text,
  [IN_SSM]: parameter,
}: Environment): Source<OAuthClients> | undefined {
  if (text && parameter)
    throw new ConfigurationError(IN_SSM, 'is set beside OAUTH_CLIENTS; set one');
  if (text) return fixedSource(parseClients(text, 'OAUTH_CLIENTS'));
  if (!parameter) return undefined;
  return parameterSource(parameterName(parameter, IN_SSM), IN_SSM, parseClients, reportStaleKeys);
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
    Object.entries(clients).map(([id, hashes], index) => {
      if (id === '' || typeof hashes !== 'string' || !ONE_OR_TWO_HASHES.test(hashes))
        throw new ConfigurationError(
          variable,
          `(client ${index + 1}) has no id, or no SHA-256 in lower-case hex, nor two separated by a space`,
        );
      return [id, hashes.split(' ')];
    }),
  );
}

const ONE_OR_TWO_HASHES = /^[0-9a-f]{64}( [0-9a-f]{64})?$/;
