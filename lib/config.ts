/** The only reader of the project's environment variables; README.md has the same table in prose. */

const HMAC_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const;
const ASYMMETRIC_ALGORITHMS = [
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
] as const;

export type Algorithm = (typeof HMAC_ALGORITHMS)[number] | (typeof ASYMMETRIC_ALGORITHMS)[number];

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
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable that is missing or wrong. The message names it and never quotes a secret's value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly variable: string;

  constructor(variable: string, problem: string) {
    super(`${variable} ${problem}`);
    this.variable = variable;
  }
}

/** Shortest secret, in bytes: the hash size of HS256 (RFC 7518, section 3.2). */
export const MIN_SECRET_BYTES = 32;
/** Most secrets at once: each costs a signature check for every forged token. */
export const MAX_SECRETS = 4;
/** Fewest different characters in a secret; 32 random hex digits have fewer once in some 10^9. */
export const MIN_SECRET_ALPHABET = 8;

/** Secrets that are long enough but printed in tutorials and sample files, so that anyone can sign with them. */
const PUBLISHED_SECRETS: ReadonlySet<string> = new Set([
  // FastAPI's security tutorial
  '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
  // jwt.io
  'a-string-secret-at-least-256-bits-long',
  'a-valid-string-secret-that-is-at-least-384-bits-long',
  'a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long',
  // Supabase's self-hosting example
  'super-secret-jwt-token-with-at-least-32-characters-long',
  'your-super-secret-jwt-token-with-at-least-32-characters-long',
  // Spring Boot tutorials
  '404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970',
  '9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9',
  'my-32-character-ultra-secure-and-ultra-long-secret',
  // RFC 7515, appendix A.1
  'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
  'my_super_secret_key_that_is_at_least_32_characters_long',
  'abcdefghijklmnopqrstuvwxyz123456',
  '0123456789abcdef0123456789abcdef',
]);

/**
 * Splits and checks HMAC secrets, several separated by white space while rotating; the first signs.
 *
 * @param variable the variable to name when a secret is refused
 * @throws ConfigurationError for none, too many, short, low-entropy or published secrets
 */
export function parseSecrets(text: string, variable: string): readonly string[] {
  const secrets = text.split(/\s+/).filter((secret) => secret !== '');
  if (secrets.length === 0)
    throw new ConfigurationError(variable, 'is empty; make one with: openssl rand -base64 48');
  if (secrets.length > MAX_SECRETS)
    throw new ConfigurationError(
      variable,
      `holds ${secrets.length} secrets separated by spaces; keep at most ${MAX_SECRETS} while rotating`,
    );
  secrets.forEach((secret, index) => {
    const problem = weakness(secret);
    if (problem)
      throw new ConfigurationError(
        variable,
        `${secrets.length > 1 ? `(secret ${index + 1} of ${secrets.length}) ` : ''}${problem}; make one with: openssl rand -base64 48`,
      );
  });
  return secrets;
}

function weakness(secret: string): string | undefined {
  const bytes = Buffer.byteLength(secret);
  if (bytes < MIN_SECRET_BYTES)
    return `is ${bytes} bytes long; at least ${MIN_SECRET_BYTES} are needed`;
  if (PUBLISHED_SECRETS.has(secret)) return 'is a published example that anyone can sign with';
  if (new Set(secret).size < MIN_SECRET_ALPHABET)
    return `has fewer than ${MIN_SECRET_ALPHABET} different characters, so it can be guessed`;
  return undefined;
}

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
  return text.replaceAll('\\n', '\n').trim();
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
  const names = (environment.JWT_ALGORITHMS ?? '').split(/[\s,]+/).filter((name) => name !== '');
  if (names.length === 0) return undefined;
  const known: readonly Algorithm[] = [...HMAC_ALGORITHMS, ...ASYMMETRIC_ALGORITHMS];
  const allowed = names.map((name) => {
    const algorithm = known.find((candidate) => candidate === name);
    if (!algorithm)
      throw new ConfigurationError(
        'JWT_ALGORITHMS',
        `holds ${JSON.stringify(name.slice(0, 20))}; known are ${known.join(', ')}`,
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

/** Whether an algorithm signs with a shared secret. */
export function isHmac(algorithm: Algorithm): boolean {
  return HMAC_ALGORITHMS.some((name) => name === algorithm);
}

/** The public-key algorithms, all of them allowed where JWT_ALGORITHMS does not narrow them. */
export const asymmetricAlgorithms: readonly Algorithm[] = ASYMMETRIC_ALGORITHMS;
