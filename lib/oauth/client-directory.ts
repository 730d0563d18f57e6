import { type OAuthClients, parseClients } from '../auth/oauth-clients.ts';
import { reportStaleKeys, services } from '../auth/services.ts';
import { readSecretParameter } from '../aws/ssm.ts';
import { ConfigurationError } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { cacheSource, type Freshness, type Snapshot } from '../shared/refresh.ts';

/** The known clients. */
export type ClientDirectory = (freshness: Freshness) => Promise<Snapshot<OAuthClients>>;

/** Age at which clients in SSM are read again, in milliseconds. */
const MAX_AGE_MS = 300_000;

/**
 * The clients of OAUTH_CLIENTS or OAUTH_CLIENTS_PARAMETER, created once per process.
 *
 * @throws ConfigurationError where neither is set
 */
export const clientDirectory = /* @__PURE__ */ memoizeLast<void, ClientDirectory>(() => {
  const source = services().clients;
  if (!source) throw new ConfigurationError('OAUTH_CLIENTS', 'is not set');
  if (source.kind === 'clients') {
    const snapshot = { value: source.clients, fetchedAtMs: Number.POSITIVE_INFINITY };
    return async () => snapshot;
  }
  const variable = 'OAUTH_CLIENTS_PARAMETER';
  const read = async () => parseClients(await readSecretParameter(source.name, variable), variable);
  return cacheSource(read, MAX_AGE_MS, reportStaleKeys);
});
