import { type OAuthClients, parseClients } from '../auth/oauth-clients.ts';
import { reportStaleKeys, services } from '../auth/services.ts';
import { readSecretParameter } from '../aws/ssm.ts';
import { ConfigurationError } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { cacheSource, fixedSource, type Source } from '../shared/refresh.ts';
import { SECRET_MAX_AGE_MS } from '../tokens/key-source.ts';

/** The known clients. */
export type ClientDirectory = Source<OAuthClients>;

/**
 * The clients of OAUTH_CLIENTS or OAUTH_CLIENTS_PARAMETER, created once per process.
 *
 * @throws ConfigurationError where neither is set
 */
export const clientDirectory = /* @__PURE__ */ memoizeLast<void, ClientDirectory>(() => {
  const source = services().clients;
  if (!source) throw new ConfigurationError('OAUTH_CLIENTS', 'is not set');
  if (source.kind === 'clients') return fixedSource(source.clients);
  const variable = 'OAUTH_CLIENTS_PARAMETER';
  const read = async () => parseClients(await readSecretParameter(source.name, variable), variable);
  return cacheSource(read, SECRET_MAX_AGE_MS, reportStaleKeys);
});
