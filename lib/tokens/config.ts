import type { KeyObject } from 'node:crypto';
import { ConfigurationError, type Environment } from '../shared/environment.ts';
import {
  type Algorithm,
  asymmetricAlgorithms,
  hmacAlgorithms,
  parseAlgorithms,
} from './algorithms.ts';
import type { ExpectedClaims } from './claims.ts';
import { parseSecrets } from './hmac-keys.ts';
import type { VerificationKey } from './key-set.ts';
import { parsePublicKeys } from './public-keys.ts';
import type { SessionClaims } from './session-claims.ts';

/** Source of the keys; a configuration has exactly one. */
export type KeySource =
  | { readonly kind: 'secrets'; readonly secrets: readonly KeyObject[] }
  | { readonly kind: 'secret-parameter'; readonly name: string }
  | { readonly kind: 'public-keys'; readonly keys: readonly VerificationKey[] }
  | { readonly kind: 'jwks-url'; readonly url: URL };

export interface TokenConfiguration
  extends ExpectedClaims,
    Pick<SessionClaims, 'userClaim' | 'sessionClaim'> {
  readonly keySource: KeySource;
  /** The allowlist: as configured, else HS256 for secrets and every algorithm of public keys. */
  readonly algorithms: readonly Algorithm[];
  /** Expected `iss`; undefined: any. */
  readonly issuer: string | undefined;
}

/**
 * Reads the variables of token verification.
 *
 * @throws ConfigurationError naming the first variable that is missing or wrong
 */
export function tokenConfiguration(environment: Environment): TokenConfiguration {
  const source = keySource(environment);
  return {
    keySource: source,
    algorithms: allowlist(environment, source),
    issuer: environment.JWT_ISSUER || undefined,
    audience: environment.JWT_AUDIENCE?.match(/\S+/g) ?? [],
    required: requiredClaims(environment),
    userClaim: claimName(environment, 'JWT_USER_CLAIM', 'sub'),
    sessionClaim: claimName(environment, 'JWT_SESSION_CLAIM', 'jti'),
  };
}

function requiredClaims({ JWT_REQUIRE: text = '' }: Environment): readonly string[] {
  const parts = text.match(/\S+/g) ?? [];
  if (parts.some((part) => part.startsWith('=')))
    throw new ConfigurationError('JWT_REQUIRE', 'has a part without a claim before its =');
  return parts;
}

function claimName(environment: Environment, variable: string, fallback: string): string {
  const name = environment[variable] || fallback;
  if (/\s/.test(name)) throw new ConfigurationError(variable, 'names one claim, without spaces');
  return name;
}

function allowlist(environment: Environment, source: KeySource): readonly Algorithm[] {
  const possible = possibleAlgorithms(source);
  const configured = parseAlgorithms(environment.JWT_ALGORITHMS);
  const useless = configured?.find((algorithm) => !possible.includes(algorithm));
  if (useless)
    throw new ConfigurationError(
      'JWT_ALGORITHMS',
      `names ${useless}, which the configured key cannot verify; it can ${possible.join(', ')}`,
    );
  return configured ?? (possible === hmacAlgorithms ? ['HS256'] : possible);
}

function possibleAlgorithms(source: KeySource): readonly Algorithm[] {
  switch (source.kind) {
    case 'secrets':
    case 'secret-parameter':
      return hmacAlgorithms;
    case 'public-keys':
      return [...new Set(source.keys.flatMap(({ algorithms }) => algorithms))];
    case 'jwks-url':
      return asymmetricAlgorithms;
  }
}

/** How each key source is read. */
const READERS: Readonly<Record<string, (text: string) => KeySource>> = {
  JWT_SECRET: (text) => ({ kind: 'secrets', secrets: parseSecrets(text, 'JWT_SECRET') }),
  JWT_SECRET_PARAMETER: (text) => ({
    kind: 'secret-parameter',
    name: parameterName(text, 'JWT_SECRET_PARAMETER'),
  }),
  JWT_PUBLIC_KEY: (text) => ({ kind: 'public-keys', keys: parsePublicKeys(text) }),
  JWT_JWKS_URL: (text) => ({ kind: 'jwks-url', url: jwksUrl(text, 'JWT_JWKS_URL') }),
};

function keySource(environment: Environment): KeySource {
  const known = Object.keys(READERS);
  const set = known.filter((name) => environment[name] !== undefined);
  // A deployment passes unused variables as empty strings. An empty variable counts only when alone, so
  // that the error for `JWT_SECRET=` says "empty" rather than "not set".
  const filled = set.filter((name) => environment[name] !== '');
  const [variable, second] = filled.length > 0 ? filled : set.slice(0, 1);
  const advice = `set exactly one of ${known.join(', ')}`;
  if (second) throw new ConfigurationError(second, `is set beside ${variable}; ${advice}`);
  const read = variable === undefined ? undefined : READERS[variable];
  if (!variable || !read) throw new ConfigurationError('JWT_SECRET', `is not set; ${advice}`);
  return read(environment[variable] ?? '');
}

/**
 * Checks the name of an SSM parameter.
 *
 * @param variable for the message of an error, which never quotes the text: it may be a secret
 * @throws ConfigurationError
 */
export function parameterName(text: string, variable: string): string {
  if (!/^[\w./-]{1,1011}$/.test(text))
    throw new ConfigurationError(variable, 'is no name of an SSM parameter (a-z A-Z 0-9 _ . - /)');
  return text;
}

/** Hosts on the same machine, where plain http is safe. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Parses the URL of a JWKS.
 *
 * @throws ConfigurationError for anything but https, and http on this machine
 */
export function jwksUrl(text: string, variable: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new ConfigurationError(variable, 'is no URL; it takes https://…');
  const secure =
    url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!secure)
    throw new ConfigurationError(
      variable,
      'must be https: whoever can change the key set on its way can sign tokens (http is for loopback only)',
    );
  if (url.username || url.password)
    throw new ConfigurationError(variable, 'must not hold a user name or password');
  return url;
}
