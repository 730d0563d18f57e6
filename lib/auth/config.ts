/** The only reader of the service's environment variables; docs/deploy.md documents each. */

import { MAX_AUTH_TIME_AHEAD_MS } from '../sessions/active.ts';
import { ConfigurationError, type Environment, words } from '../shared/environment.ts';
import { type TokenConfiguration, tokenConfiguration } from '../tokens/config.ts';

export interface Configuration {
  readonly sessionsTable: string;
  /** Sessions that began earlier are over. Epoch milliseconds. */
  readonly notBeforeMs: number | undefined;
  readonly tokens: TokenConfiguration;
  /** Claims that the authorizer adds to its context, beside `sub` and `jti`. */
  readonly authorizerClaims: readonly string[];
}

/**
 * Reads and checks the whole configuration.
 *
 * @throws ConfigurationError naming the first missing or wrong variable
 */
export function readConfiguration(environment: Environment = process.env): Configuration {
  return {
    sessionsTable: sessionsTable(environment),
    notBeforeMs: sessionsNotBefore(environment),
    tokens: tokenConfiguration(environment),
    authorizerClaims: words(environment.AUTHORIZER_CLAIMS),
  };
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

/** A date and a time of ISO 8601, with a zone: without one the meaning depends on the machine. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

function sessionsNotBefore(environment: Environment): number | undefined {
  const text = environment.SESSIONS_NOT_BEFORE;
  if (!text) return undefined;
  const milliseconds = INSTANT.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(milliseconds))
    throw new ConfigurationError(
      'SESSIONS_NOT_BEFORE',
      'is no ISO 8601 time with a zone, such as 2026-01-31T12:00:00Z',
    );
  // The clocks of the deploying machine and of the function differ.
  if (milliseconds > Date.now() + MAX_AUTH_TIME_AHEAD_MS)
    throw new ConfigurationError(
      'SESSIONS_NOT_BEFORE',
      'is in the future, so that every log-in until then would be over at once',
    );
  return milliseconds;
}
