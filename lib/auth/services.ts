import { openSessionStore, type SessionStore } from '../aws/dynamodb.ts';
import { storeLatency } from '../observability/metrics.ts';
import { reportStaleKeys } from '../observability/report-error.ts';
import { adoptedSessions } from '../sessions/adopted.ts';
import { registeredSessions } from '../sessions/registered.ts';
import { withIdleTimeout } from '../sessions/touch.ts';
import type { Environment } from '../shared/environment.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { createKeySet } from '../tokens/key-source.ts';
import type { Issuer } from '../tokens/verify.ts';
import { type IssuerConfiguration, readConfiguration } from './config.ts';

/** Dependencies of the handlers, created once per process. */
export interface Services {
  readonly issuers: readonly (Issuer & IssuerConfiguration)[];
  readonly authorizerClaims: readonly string[];
}

/**
 * Creates the services at first use, not when the module loads: a wrong configuration then is an error
 * of the request and reaches the client as the 500 payload. By the annotation, esbuild leaves keys and
 * store out of functions without services.
 *
 * @throws ConfigurationError
 */
export const services = /* @__PURE__ */ memoizeLast<void, Services>(() => createServices());

/** Creates the services from variables. Throws a ConfigurationError as {@link readConfiguration}. */
export function createServices(environment?: Environment): Services {
  const { sessionsTable, notBeforeMs, idleMs, issuers, authorizerClaims } =
    readConfiguration(environment);
  const store = openSessionStore(sessionsTable, { notBeforeMs, idleMs }, storeLatency);
  return {
    issuers: issuers.map((issuer) => createIssuer(issuer, store, reportStaleKeys)),
    authorizerClaims,
  };
}

/** Creates an issuer from its configuration. */
export function createIssuer(
  configuration: IssuerConfiguration,
  store: SessionStore,
  onStaleKeys?: (error: unknown) => void,
): Issuer & IssuerConfiguration {
  const { adoption, maxAgeMs } = configuration;
  const sessions = adoption
    ? adoptedSessions(store, adoption)
    : registeredSessions({ ...store, maxAgeMs });
  return {
    ...configuration,
    keys: createKeySet(configuration, onStaleKeys),
    sessions: store.idleMs === undefined ? sessions : withIdleTimeout(sessions, store.idleMs),
  };
}
