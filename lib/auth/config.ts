/** Reads the variables that all functions need; lib/oauth/clients.ts reads the others. docs/deploy.md documents each. */

import { MAX_AUTH_TIME_AHEAD_MS } from '../sessions/active.ts';
import type { Adoption } from '../sessions/adopted.ts';
import { ConfigurationError, type Environment, words } from '../shared/environment.ts';
import { asymmetricAlgorithms } from '../tokens/algorithms.ts';
import { jwksUrl, type TokenConfiguration, tokenConfiguration } from '../tokens/config.ts';
import { TOKEN_IS_SESSION } from '../tokens/session-claims.ts';
import { readIssuers } from './issuers.ts';

/** A sender of logout tokens (JWT_LOGOUT_AUDIENCE). */
export interface LogoutConfiguration extends Pick<TokenConfiguration, 'keySource' | 'algorithms'> {
  readonly issuer: string;
  /** Client ids, the audience of logout tokens. */
  readonly audience: readonly string[];
}

/** An issuer of tokens, and the rules of its sessions. */
export interface IssuerConfiguration extends TokenConfiguration {
  /** How tokens become sessions; undefined where a login service registers them. */
  readonly adoption: Adoption | undefined;
  /** Absolute life of a registered session, in milliseconds; undefined: as long as the row says. */
  readonly maxAgeMs: number | undefined;
  /** Begins the partition keys of the issuer's users; empty for a single issuer. */
  readonly partitionPrefix: string;
  /** Undefined where back-channel logout is off. */
  readonly logout: LogoutConfiguration | undefined;
}

export interface Configuration {
  readonly sessionsTable: string;
  /** Sessions that began earlier are over. Epoch milliseconds. */
  readonly notBeforeMs: number | undefined;
  readonly issuers: readonly IssuerConfiguration[];
  /** A session unused for longer is over, in milliseconds; undefined: none is. */
  readonly idleMs: number | undefined;
  /** Claims that the authorizer adds to its context, beside `sub` and `jti`. */
  readonly authorizerClaims: readonly string[];
}

/**
 * Reads and checks the whole configuration.
 *
 * @throws ConfigurationError naming the first missing or wrong variable
 */
export function readConfiguration(environment: Environment = process.env): Configuration {
  const maxSessions = wholeNumber(environment, 'MAX_SESSIONS', 'sessions');
  const issuers = readIssuers(environment, (variables, partitionPrefix) =>
    issuerConfiguration(variables, partitionPrefix, maxSessions),
  );
  if (maxSessions && !issuers.some(({ adoption }) => adoption))
    throw new ConfigurationError(
      'MAX_SESSIONS',
      'is for SESSIONS=adopted; a login service gives maxSessions to issueSession',
    );
  return {
    sessionsTable: sessionsTable(environment),
    notBeforeMs: sessionsNotBefore(environment),
    issuers,
    idleMs: wholeNumber(environment, 'IDLE_TIMEOUT', 'seconds', 1_000),
    authorizerClaims: words(environment.AUTHORIZER_CLAIMS),
  };
}

function issuerConfiguration(
  variables: Environment,
  partitionPrefix: string,
  maxSessions: number | undefined,
): IssuerConfiguration {
  const mode = variables.SESSIONS || 'registered';
  if (mode !== 'registered' && mode !== 'adopted')
    throw new ConfigurationError('SESSIONS', 'must be registered or adopted');
  const maxAgeMs = wholeNumber(variables, 'SESSION_MAX_AGE', 'seconds', 1_000);
  // 0 reads like "none", but adopted sessions always have a limit.
  if (variables.SESSION_MAX_AGE && !maxAgeMs)
    throw new ConfigurationError('SESSION_MAX_AGE', 'must not be 0; leave it out for the default');
  const tokens = tokenConfiguration(variables);
  if (mode === 'registered' && tokens.sessionClaim === 'none')
    throw new ConfigurationError('JWT_SESSION_CLAIM', 'can be none for SESSIONS=adopted only');
  return {
    ...tokens,
    ...{ partitionPrefix, maxAgeMs, logout: logoutConfiguration(variables, tokens) },
    adoption: mode === 'adopted' ? adoption(variables, tokens, maxAgeMs, maxSessions) : undefined,
  };
}

/** SESSION_MAX_AGE of adopted sessions by default: 365 days. */
export const ADOPTED_MAX_AGE_MS = 31_536_000_000;

function adoption(
  variables: Environment,
  { keySource, issuer, sessionClaim }: TokenConfiguration,
  maxAgeMs: number = ADOPTED_MAX_AGE_MS,
  maxSessions?: number,
): Adoption {
  // A default would let refreshed tokens of an ended session in, or end sessions of other devices.
  if (!variables.JWT_SESSION_CLAIM)
    throw new ConfigurationError(
      'JWT_SESSION_CLAIM',
      `is not set; SESSIONS=adopted needs the claim that refreshed tokens keep, such as sid, or one of ${TOKEN_IS_SESSION.join(', ')} where each token is a session of its own`,
    );
  // Many providers sign the tokens of all their customers with the same keys.
  if (keySource.kind === 'jwks-url' && issuer === undefined)
    throw new ConfigurationError(
      'JWT_ISSUER',
      'is not set; SESSIONS=adopted would let in every token that the keys at JWT_JWKS_URL have signed',
    );
  const tokenIsSession = TOKEN_IS_SESSION.includes(sessionClaim);
  if (maxSessions && tokenIsSession)
    throw new ConfigurationError(
      'MAX_SESSIONS',
      `needs a JWT_SESSION_CLAIM that refreshed tokens keep; by ${sessionClaim} a refresh is one more session`,
    );
  return { maxAgeMs, tokenIsSession, maxSessions };
}

function logoutConfiguration(
  { JWT_LOGOUT_AUDIENCE, JWT_LOGOUT_ISSUER, JWT_LOGOUT_JWKS_URL }: Environment,
  { issuer: own, keySource, algorithms }: TokenConfiguration,
): LogoutConfiguration | undefined {
  const audience = JWT_LOGOUT_AUDIENCE?.match(/\S+/g);
  if (!audience) {
    if (JWT_LOGOUT_ISSUER || JWT_LOGOUT_JWKS_URL)
      throw new ConfigurationError(
        'JWT_LOGOUT_AUDIENCE',
        'is not set, so JWT_LOGOUT_ISSUER and JWT_LOGOUT_JWKS_URL would do nothing',
      );
    return undefined;
  }
  const issuer = JWT_LOGOUT_ISSUER || own;
  if (issuer === undefined)
    throw new ConfigurationError(
      'JWT_LOGOUT_ISSUER',
      'is not set, nor is JWT_ISSUER; JWT_LOGOUT_AUDIENCE needs one of them',
    );
  if (JWT_LOGOUT_JWKS_URL) {
    const url = jwksUrl(JWT_LOGOUT_JWKS_URL, 'JWT_LOGOUT_JWKS_URL');
    const itsKeys = { kind: 'jwks-url', url } as const;
    return { issuer, audience, keySource: itsKeys, algorithms: asymmetricAlgorithms };
  }
  // With an HMAC secret, a verifier of logout tokens could sign logout tokens.
  if (keySource.kind === 'secrets' || keySource.kind === 'secret-parameter')
    throw new ConfigurationError(
      'JWT_LOGOUT_JWKS_URL',
      'is not set; a secret of the sessions verifies no logout tokens',
    );
  return { issuer, audience, keySource, algorithms };
}

/** Reads a whole number, as a multiple of a unit; undefined where the variable is not set, or 0. */
function wholeNumber(
  environment: Environment,
  variable: string,
  unit: string,
  factor = 1,
): number | undefined {
  const text = environment[variable] || '0';
  if (!/^(0|[1-9]\d{0,8})$/.test(text))
    throw new ConfigurationError(variable, `must be a whole number of ${unit} from 0 to 999999999`);
  return Number(text) * factor || undefined;
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
