/** The only reader of the project's environment variables; README.md has the same table in prose. */

import { ConfigurationError } from './configuration-error.ts';
import { parseSecrets } from './secrets.ts';

export { ConfigurationError, parseSecrets };

export type Algorithm = `${'HS' | 'RS' | 'PS' | 'ES'}${256 | 384 | 512}` | 'EdDSA' | 'Ed25519';

/** The algorithms that sign with a shared secret. */
export const hmacAlgorithms: readonly Algorithm[] = ['HS256', 'HS384', 'HS512'];

/** The algorithms that sign with a private key. */
export const asymmetricAlgorithms: readonly Algorithm[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Where the key that verifies tokens comes from: exactly one of the four is configured. */
export type KeySource =
  | { readonly kind: 'secrets'; readonly secrets: readonly string[] }
  | { readonly kind: 'secret-parameter'; readonly name: string }
  | { readonly kind: 'public-key'; readonly text: string }
  | { readonly kind: 'jwks-url'; readonly url: URL };

export interface TokenConfiguration {
  readonly keySource: KeySource;
  /** The allowlist as configured; undefined means "whatever the kind of key can verify". */
  readonly algorithms: readonly Algorithm[] | undefined;
  /** Undefined means that `iss` is not checked. */
  readonly issuer: string | undefined;
  /** Undefined means that `aud` is not checked. */
  readonly audience: string | undefined;
}

export interface Configuration {
  readonly sessionsTable: string;
  readonly tokens: TokenConfiguration;
  /** Claims that the authorizer hands on to the API behind it, beside `sub` and `jti`. */
  readonly authorizerClaims: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the whole configuration.
 *
 * @throws ConfigurationError naming the first variable that is missing or wrong
 */
export function readConfiguration(environment: Environment = process.env): Configuration {
  return {
    sessionsTable: sessionsTable(environment),
    tokens: {
      keySource: keySource(environment),
      algorithms: algorithms(environment),
      issuer: environment.JWT_ISSUER || undefined,
      audience: environment.JWT_AUDIENCE || undefined,
    },
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
 * The dimension `service` of every metric. Stages of one account share its metrics, so that serverless.yml
 * puts the stage into it: without it, `dev` would raise the alarms of `prod`. Powertools' own variable.
 */
export function metricsService(environment: Environment = process.env): string {
  return environment.POWERTOOLS_SERVICE_NAME || 'true-logout';
}

/**
 * The secrets in the environment, whatever else is wrong with it, for the redaction of errors: those
 * that sign tokens, and the credentials that Lambda hands to the AWS SDK.
 */
export function configuredSecrets(environment: Environment = process.env): readonly string[] {
  const { JWT_SECRET = '', AWS_SECRET_ACCESS_KEY = '', AWS_SESSION_TOKEN = '' } = environment;
  return [...JWT_SECRET.split(/\s+/), AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN];
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

const KEY_VARIABLES = [
  'JWT_SECRET',
  'JWT_SECRET_PARAMETER',
  'JWT_PUBLIC_KEY',
  'JWT_JWKS_URL',
] as const;

function keySource(environment: Environment): KeySource {
  const set = KEY_VARIABLES.filter((name) => environment[name] !== undefined);
  // A deployment passes unused variables as empty strings; an empty one counts only when it is alone,
  // so that `JWT_SECRET=` is told that it is empty rather than that nothing is set.
  const filled = set.filter((name) => environment[name] !== '');
  if (filled.length > 1)
    throw new ConfigurationError(
      filled[1] ?? '',
      `is set beside ${filled[0]}; set exactly one of ${KEY_VARIABLES.join(', ')}`,
    );
  const [variable] = filled.length === 1 ? filled : set;
  const text = variable === undefined ? undefined : environment[variable];
  switch (variable) {
    case 'JWT_SECRET':
      return { kind: 'secrets', secrets: parseSecrets(text ?? '', variable) };
    case 'JWT_SECRET_PARAMETER':
      return { kind: 'secret-parameter', name: parameterName(text ?? '') };
    case 'JWT_PUBLIC_KEY':
      return { kind: 'public-key', text: publicKeyText(text ?? '') };
    case 'JWT_JWKS_URL':
      return { kind: 'jwks-url', url: jwksUrl(text ?? '') };
    default:
      throw new ConfigurationError(
        'JWT_SECRET',
        `is not set; set exactly one of ${KEY_VARIABLES.join(', ')}`,
      );
  }
}

function parameterName(text: string): string {
  if (!/^[\w./-]{1,1011}$/.test(text))
    throw new ConfigurationError(
      'JWT_SECRET_PARAMETER',
      'is no name of an SSM parameter (a-z A-Z 0-9 _ . - /)',
    );
  return text;
}

function publicKeyText(text: string): string {
  if (text.trim() === '')
    throw new ConfigurationError('JWT_PUBLIC_KEY', 'is empty; it takes an SPKI PEM or a JWKS');
  // A one-line PEM, as shells and consoles produce it, has its line breaks written out.
  return text.trim().startsWith('{') ? text.trim() : text.replaceAll('\\n', '\n').trim();
}

/** Hosts whose traffic never leaves the machine, so that plain http is safe there. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function jwksUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) throw new ConfigurationError('JWT_JWKS_URL', 'is no URL; it takes https://…');
  const secure =
    url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!secure)
    throw new ConfigurationError(
      'JWT_JWKS_URL',
      'must be https: whoever can change the key set on its way can sign tokens (http is for loopback only)',
    );
  if (url.username || url.password)
    throw new ConfigurationError('JWT_JWKS_URL', 'must not hold a user name or password');
  return url;
}

function algorithms(environment: Environment): readonly Algorithm[] | undefined {
  const names = words(environment.JWT_ALGORITHMS);
  if (names.length === 0) return undefined;
  const known = [...hmacAlgorithms, ...asymmetricAlgorithms];
  const allowed = names.map((name, index) => {
    const algorithm = known.find((candidate) => candidate === name);
    // The name is not quoted: a secret that was pasted into the wrong variable would be published.
    if (!algorithm)
      throw new ConfigurationError(
        'JWT_ALGORITHMS',
        `(name ${index + 1} of ${names.length}) is none of ${known.join(', ')}`,
      );
    return algorithm;
  });
  // A list that mixes families is how a public key ends up used as an HMAC secret (RFC 8725, section 2.1).
  if (new Set(allowed.map(isHmac)).size > 1)
    throw new ConfigurationError(
      'JWT_ALGORITHMS',
      'mixes HMAC (HS…) with public-key algorithms; keep to one family',
    );
  return allowed;
}

function isHmac(algorithm: Algorithm): boolean {
  return hmacAlgorithms.includes(algorithm);
}

/** Splits a list of names, separated by spaces or commas. */
function words(text = ''): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
