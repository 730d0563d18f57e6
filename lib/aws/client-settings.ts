import { timeouts } from '../shared/timeouts.ts';
import { awsJson } from './aws-json.ts';
import { Sha256 } from './sha256.ts';

/**
 * Settings of an SDK client. Region, credentials and endpoint come from the SDK's own variables.
 *
 * The SDK has no request timeout by default, and `requestTimeout` only warns without
 * `throwOnRequestTimeout`. `requestTimeout` covers the response headers, `socketTimeout` the body.
 *
 * @param version of the service's JSON protocol
 */
export function clientSettings(version: '1.0' | '1.1', maxAttempts: number) {
  return {
    protocol: awsJson(version),
    sha256: Sha256,
    retryMode: 'standard',
    maxAttempts,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.attemptMs,
      socketTimeout: timeouts.attemptMs,
      throwOnRequestTimeout: true,
    },
  };
}
