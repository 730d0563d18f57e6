import { ConfigurationError, type Environment, words } from '../shared/environment.ts';
import { parseSecrets } from './hmac-keys.ts';

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

/**
 * Reads what verifies tokens.
 *
 * @throws ConfigurationError naming the first variable that is missing or wrong
 */
export function tokenConfiguration(environment: Environment): TokenConfiguration {
  return {
    keySource: keySource(environment),
    algorithms: algorithms(environment),
    issuer: environment.JWT_ISSUER || undefined,
    audience: environment.JWT_AUDIENCE || undefined,
  };
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
