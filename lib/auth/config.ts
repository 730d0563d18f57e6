/** The only reader of the service's environment variables; docs/deploy.md documents each. */

import { MAX_AUTH_TIME_AHEAD_MS } from '../sessions/active.ts';
import type { Adoption } from '../sessions/adopted.ts';
import { ConfigurationError, type Environment, words } from '../shared/environment.ts';
import { type TokenConfiguration, tokenConfiguration } from '../tokens/config.ts';
import { TOKEN_IS_SESSION } from '../tokens/session-claims.ts';
import { readIssuers } from './issuers.ts';

/** An issuer of tokens, and the rules of its sessions. */
export interface IssuerConfiguration extends TokenConfiguration {
  /** How tokens become sessions; undefined where a login service registers them. */
  readonly adoption: Adoption | undefined;
  /** Absolute life of a registered session, in milliseconds; undefined: as long as the row says. */
  readonly maxAgeMs: number | undefined;
  /** Begins the partition keys of the issuer's users; empty for a single issuer. */
  readonly partitionPrefix: string;
}

export interface Configuration {
  readonly sessionsTable: string;
  /** Sessions that began earlier are over. Epoch milliseconds. */
  readonly notBeforeMs: number | undefined;
  readonly issuers: readonly IssuerConfiguration[];
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
    issuers: readIssuers(environment, issuerConfiguration),
    authorizerClaims: words(environment.AUTHORIZER_CLAIMS),
  };
}

function issuerConfiguration(variables: Environment, partitionPrefix: string): IssuerConfiguration {
  const adopted = isAdopted(variables);
  const maxAgeMs = sessionMaxAge(variables);
  const tokens = tokenConfiguration(variables);
  if (adopted) checkAdoption(variables, tokens);
  else if (tokens.sessionClaim === 'none')
    throw new ConfigurationError('JWT_SESSION_CLAIM', 'can be none for SESSIONS=adopted only');
  const tokenIsSession = TOKEN_IS_SESSION.includes(tokens.sessionClaim);
  const adoption = { maxAgeMs: maxAgeMs ?? ADOPTED_MAX_AGE_MS, tokenIsSession };
  return { ...tokens, partitionPrefix, maxAgeMs, adoption: adopted ? adoption : undefined };
}

function isAdopted({ SESSIONS: mode = '' }: Environment): boolean {
  if (!['', 'registered', 'adopted'].includes(mode))
    throw new ConfigurationError('SESSIONS', 'must be registered or adopted');
  return mode === 'adopted';
}

function checkAdoption(variables: Environment, { keySource, issuer }: TokenConfiguration): void {
  // A default would let refreshed tokens of an ended session in, or end sessions of other devices.
  if (!variables.JWT_SESSION_CLAIM)
    throw new ConfigurationError(
      'JWT_SESSION_CLAIM',
      `is not set; SESSIONS=adopted needs the claim that stays the same across refreshes (sid, origin_jti, session_id), or one of ${TOKEN_IS_SESSION.join(', ')}: each token is a session of its own`,
    );
  // Many providers sign the tokens of all their customers with the same keys.
  if (keySource.kind === 'jwks-url' && issuer === undefined)
    throw new ConfigurationError(
      'JWT_ISSUER',
      'is not set; SESSIONS=adopted would let in every token that the keys at JWT_JWKS_URL have signed',
    );
}

/** SESSION_MAX_AGE of adopted sessions by default: 365 days. */
export const ADOPTED_MAX_AGE_MS = 31_536_000_000;
/** Longest SESSION_MAX_AGE, in seconds: 10 years of 365 days. */
export const LONGEST_MAX_AGE_SECONDS = 315_360_000;

function sessionMaxAge({ SESSION_MAX_AGE: text }: Environment): number | undefined {
  if (!text) return undefined;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (seconds < 1 || seconds > LONGEST_MAX_AGE_SECONDS)
    throw new ConfigurationError(
      'SESSION_MAX_AGE',
      `must be a whole number of seconds from 1 to ${LONGEST_MAX_AGE_SECONDS}`,
    );
  return seconds * 1_000;
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
