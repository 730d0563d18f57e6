import { openSessionStore, type SessionStore } from '../aws/dynamodb.ts';
import { logger } from '../observability/logger.ts';
import { count, storeLatency } from '../observability/metrics.ts';
import { describeRedacted } from '../observability/report-error.ts';
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
 * of the request and reaches the client as the 500 payload. By the annotation, esbuild leaves keys and
 * store out of functions without services.
 *
 * @throws ConfigurationError
 */
export const services = /* @__PURE__ */ memoizeLast<void, Services>(() => {
  const { sessionsTable, notBeforeMs, tokens, authorizerClaims } = readConfiguration();
  const { issuer, audience } = tokens;
  return {
    verifier: { keys: createKeySet(tokens, reportStaleKeys), issuer, audience },
    store: openSessionStore(sessionsTable, notBeforeMs, storeLatency),
    authorizerClaims,
  };
});

/** Counts and logs a failed refresh of the keys, which fails no request as long as older keys are in use. */
function reportStaleKeys(error: unknown): void {
  count('keys.stale');
  const { message, type, trace } = describeRedacted(error);
  logger.warn('keys.stale', { error: message, error_type: type, trace });
}
