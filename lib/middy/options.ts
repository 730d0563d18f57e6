import { ConfigurationError, type Environment } from '../shared/environment.ts';

/** Options whose value is no text. */
interface Values {
  readonly sessions: 'registered' | 'adopted';
  readonly errorDetails: 'full' | 'redacted';
  readonly sessionMaxAge: number;
  readonly maxSessions: number;
  readonly idleTimeout: number;
}

const NAMES = [
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

/**
 * Settings of the check, by the names of the deployment's parameters, and in their units. An option that
 * is undefined leaves the setting to its variable: `jwtIssuer` to JWT_ISSUER.
 */
export type SessionOptions = {
  readonly [Name in (typeof NAMES)[number]]?:
    | (Name extends keyof Values ? Values[Name] : string)
    | undefined;
};

/** The variables of the process, those replaced that an option names. */
export function environmentOf(options: SessionOptions): Environment {
  const set = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    ...process.env,
    ...Object.fromEntries(set.map(([name, value]) => [variableOf(name), `${value}`])),
  };
}

/**
 * Refuses options that nothing reads: a misspelt name would leave a check out.
 *
 * @throws ConfigurationError
 */
export function checkNames(options: SessionOptions): void {
  const known: readonly string[] = NAMES;
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError(
      unknown,
      `is no option of requireSession; known are ${known.join(', ')}`,
    );
}

/** `jwtJwksUrl` stands for JWT_JWKS_URL. */
function variableOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
