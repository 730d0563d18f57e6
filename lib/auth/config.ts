/** The only reader of the project's environment variables; docs/deploy.md has the same table in prose. */

import { ConfigurationError, type Environment, words } from '../shared/environment.ts';
import { type TokenConfiguration, tokenConfiguration } from '../tokens/config.ts';

export interface Configuration {
  readonly sessionsTable: string;
  readonly tokens: TokenConfiguration;
  /** Claims that the authorizer hands on to the API behind it, beside `sub` and `jti`. */
  readonly authorizerClaims: readonly string[];
}

/**
 * Reads and checks the whole configuration.
 *
 * @throws ConfigurationError naming the first variable that is missing or wrong
 */
export function readConfiguration(environment: Environment = process.env): Configuration {
  return {
    sessionsTable: sessionsTable(environment),
    tokens: tokenConfiguration(environment),
    authorizerClaims: words(environment.AUTHORIZER_CLAIMS),
  };
}

/**
 * Whether the 500 payload tells the client the message and the stack (`full`) or only the error id
 * (`redacted`). It has to be known when the rest of the configuration is broken, so an unknown value
 * is no error: it redacts.
 */
export function errorDetails(environment: Environment = process.env): 'full' | 'redacted' {
  return (environment.ERROR_DETAILS || 'full') === 'full' ? 'full' : 'redacted';
}

/**
 * What pseudonyms in the log are salted with. Like {@link errorDetails}, it is needed whatever else is
 * wrong, so it has a default: the table's name.
 */
export function logSalt(environment: Environment = process.env): string {
  return environment.LOG_SALT || environment.SESSIONS_TABLE || 'true-logout';
}

/**
 * The field `service` of every log line, and the dimension `service` of every metric. Stages of one account
 * share its metrics, so that serverless.yml puts the stage into it: without it, `dev` would raise the
 * alarms of `prod`. Powertools' own variable.
 */
export function serviceName(environment: Environment = process.env): string {
  return environment.POWERTOOLS_SERVICE_NAME || 'true-logout';
}

/**
 * The secrets in the environment, whatever else is wrong with it, for the redaction of errors: those
 * that sign tokens, and the credentials that Lambda hands to the AWS SDK.
 */
export function configuredSecrets(environment: Environment = process.env): readonly string[] {
  const { JWT_SECRET = '', JWT_SECRET_PARAMETER = '' } = environment;
  const { AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = environment;
  return [
    ...JWT_SECRET.split(/\s+/),
    JWT_SECRET_PARAMETER, // a name, unless the secret itself was put in its place
    AWS_SECRET_ACCESS_KEY,
    AWS_SESSION_TOKEN,
  ];
}

function sessionsTable(environment: Environment): string {
  const table = environment.SESSIONS_TABLE;
  if (!table)
    throw new ConfigurationError('SESSIONS_TABLE', 'is not set; it names the DynamoDB table');
  // A name of 3 to 255 characters, or an ARN: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DeleteItem.html
  if (!/^([\w.-]{3,255}|arn:[\w-]+:dynamodb:[\w-]+:\d+:table\/[\w.-]{3,255})$/.test(table))
    throw new ConfigurationError(
      'SESSIONS_TABLE',
      'is no DynamoDB table name: 3 to 255 of the characters a-z A-Z 0-9 _ . - (or a table ARN)',
    );
  return table;
}
