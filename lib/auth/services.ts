import { openSessionStore, type SessionStore } from '../aws/dynamodb.ts';
import { storeLatency } from '../observability/metrics.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { createKeySet } from '../tokens/key-source.ts';
import type { Verifier } from '../tokens/verify.ts';
import { readConfiguration } from './config.ts';

/** Dependencies of the handlers, created once per process. */
export interface Services {
  readonly verifier: Verifier;
  readonly store: SessionStore;
  readonly authorizerClaims: readonly string[];
}

/**
 * Creates the services at first use, not when the module loads: a wrong configuration then is an error
 * of the request and reaches the client as the 500 payload.
 *
 * @throws ConfigurationError
 */
export const services = memoizeLast<void, Services>(() => {
  const { sessionsTable, notBeforeMs, tokens, authorizerClaims } = readConfiguration();
  const { issuer, audience } = tokens;
  return {
    verifier: { keys: createKeySet(tokens), issuer, audience },
    store: openSessionStore(sessionsTable, { notBeforeMs, onLatency: storeLatency }),
    authorizerClaims,
  };
});
