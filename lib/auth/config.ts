/** The only reader of the service's environment variables; docs/deploy.md documents each. */

import { ConfigurationError, type Environment, words } from '../shared/environment.ts';
import { type TokenConfiguration, tokenConfiguration } from '../tokens/config.ts';

export interface Configuration {
  readonly sessionsTable: string;
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
