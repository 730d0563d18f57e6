/** Settings that errors and log lines need, so none of them fails over a wrong configuration. */

import type { Environment } from '../shared/environment.ts';

/**
 * Whether the 500 payload holds the message and the stack (`full`) or only the error id (`redacted`).
 * An unknown value redacts.
 */
export function errorDetails(environment: Environment = process.env): 'full' | 'redacted' {
  return (environment.ERROR_DETAILS || 'full') === 'full' ? 'full' : 'redacted';
}

/** Salt of the hashed ids in the log; defaults to the table's name. */
export function logSalt(environment: Environment = process.env): string {
  return environment.LOG_SALT || environment.SESSIONS_TABLE || 'true-logout';
}

/**
 * The field `service` of log lines, and the dimension of metrics. serverless.yml adds the stage, or `dev`
 * would raise the alarms of `prod`. The variable is Powertools' own.
 */
export function serviceName(environment: Environment = process.env): string {
  return environment.POWERTOOLS_SERVICE_NAME || 'true-logout';
}

/** Namespace of the metrics: the service's name. Powertools' own variable. */
export function metricsNamespace(environment: Environment = process.env): string {
  return environment.POWERTOOLS_METRICS_NAMESPACE || 'true-logout';
}

/**
 * Secrets to redact from errors: those that sign tokens, hashes of clients' secrets, and Lambda's credentials
 * for the AWS SDK.
 */
export function configuredSecrets(environment: Environment = process.env): readonly string[] {
  const { JWT_SECRET = '', JWT_ISSUERS = '' } = environment;
  const { JWT_SECRET_PARAMETER = '', OAUTH_CLIENTS_PARAMETER = '' } = environment;
  const parameters = [...JWT_ISSUERS.matchAll(/"secretParameter"\s*:\s*"([^"]*)"/g)];
  const { OAUTH_CLIENTS = '' } = environment;
  const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = environment;
  return [
    ...JWT_SECRET.split(/\s+|base64:/),
    // Names, unless the secret itself was put in their place.
    ...[JWT_SECRET_PARAMETER, OAUTH_CLIENTS_PARAMETER, ...parameters.map(([, name = '']) => name)],
    // A weak secret could be guessed by its hash.
    ...OAUTH_CLIENTS.split(/[^\w./-]+/),
    AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN,
  ];
}
