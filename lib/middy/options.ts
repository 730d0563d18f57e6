import { ConfigurationError, type Environment } from '../shared/environment.ts';

/** Parameters of a deployment that a check reads. */
export const NAMES = [
  'sessionsTable',
  'jwtSecretParameter',
  'jwtPublicKey',
  'jwtJwksUrl',
  'jwtAlgorithms',
  'jwtIssuer',
  'jwtAudience',
  'jwtRequire',
  'jwtUserClaim',
  'jwtSessionClaim',
  'jwtIssuers',
  'sessions',
  'sessionMaxAge',
  'maxSessions',
  'idleTimeout',
  'sessionsNotBefore',
  'errorDetails',
] as const;

type Value<Name> = Name extends 'sessionMaxAge' | 'maxSessions' | 'idleTimeout' ? number : string;

/**
 * Settings of the check, by the names of the deployment's parameters, and in their units. An option that
 * is undefined leaves the setting to its variable.
 */
export type SessionOptions = {
  readonly [Name in (typeof NAMES)[number]]?: Value<Name> | undefined;
};

/** The variables of the process, with those in their places that options name: JWT_ISSUER for `jwtIssuer`. */
export function environmentOf(options: SessionOptions): Environment {
  const variables = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name.replaceAll(/[A-Z]/g, '_$&').toUpperCase(), String(value)]);
  return { ...process.env, ...Object.fromEntries(variables) };
}

/**
 * Refuses options that nothing reads: a misspelt name would leave a check out.
 *
 * @throws ConfigurationError
 */
export function checkNames(options: SessionOptions): void {
  const known: readonly string[] = NAMES;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown) throw new ConfigurationError(unknown, 'is no option of requireSession');
}
