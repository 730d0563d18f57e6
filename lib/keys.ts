import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, createLocalJWKSet, createRemoteJWKSet, errors } from 'jose';
import {
  type Algorithm,
  asymmetricAlgorithms,
  ConfigurationError,
  isHmac,
  parseSecrets,
  type TokenConfiguration,
} from './config.ts';
import { readSecretParameter } from './secret-parameter.ts';
import { timeBudget } from './time-budget.ts';

export type VerificationKey = KeyObject | CryptoKey;

/** What can verify a token, and with which algorithms. */
export interface Keys {
  /** The allowlist: the configured one, or all that the kind of key can verify. */
  readonly algorithms: readonly Algorithm[];
  /**
   * The keys that may have signed a token with this header, at most {@link MAX_CANDIDATES}; none when
   * the issuer has no such key.
   *
   * @throws KeyServerError when the issuer's key set could not be read
   * @throws ConfigurationError when a secret that is read at run time is missing or weak
   */
  candidates(header: KeyHint): Promise<readonly VerificationKey[]>;
}

/** The members of a token's header that choose a key. Key material in the header is never looked at. */
export interface KeyHint {
  readonly alg: Algorithm;
  readonly kid?: string;
}

/** The issuer's keys could not be had, so nothing can be said about the token. */
export class KeyServerError extends Error {
  override readonly name = 'KeyServerError';
}

/** Most keys tried for one token, so that a crowded key set can't be used to burn CPU. */
export const MAX_CANDIDATES = 8;
/** How long a fetched key set is used without asking again. */
export const KEY_SET_MAX_AGE_MS = 600_000;
/** Shortest time between two fetches that unknown `kid`s may cause. */
export const KEY_SET_COOLDOWN_MS = 30_000;

/**
 * Prepares the configured keys. Nothing is fetched before the first token needs it.
 *
 * @throws ConfigurationError when a key can't be used, or not with the configured algorithms
 */
export function createKeys({ keySource, algorithms }: TokenConfiguration): Keys {
  switch (keySource.kind) {
    case 'secrets': {
      const keys = secretKeys(keySource.secrets);
      return { algorithms: hmacOnly(algorithms), candidates: async () => keys };
    }
    case 'secret-parameter': {
      const read = memoizeLast((text: string) =>
        secretKeys(parseSecrets(text, 'JWT_SECRET_PARAMETER')),
      );
      return {
        algorithms: hmacOnly(algorithms),
        candidates: async () => read(await readSecretParameter(keySource.name)),
      };
    }
    case 'public-key':
      return keySource.text.startsWith('{')
        ? keySetKeys(keySource.text, algorithms)
        : pemKeys(keySource.text, algorithms);
    case 'jwks-url':
      return remoteKeys(keySource.url, algorithms);
  }
}

function secretKeys(secrets: readonly string[]): readonly KeyObject[] {
  return secrets.map((secret) => createSecretKey(Buffer.from(secret)));
}

function pemKeys(text: string, configured: readonly Algorithm[] | undefined): Keys {
  const key = publicKey(text);
  const algorithms = usable(configured, algorithmsOf(key));
  return { algorithms, candidates: async () => [key] };
}

function publicKey(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY'))
    throw new ConfigurationError('JWT_PUBLIC_KEY', 'holds a private key; give the public one');
  try {
    return createPublicKey(pem);
  } catch {
    // Not the cause: OpenSSL's and JSON's messages may quote what was given.
    throw new ConfigurationError('JWT_PUBLIC_KEY', 'is neither an SPKI PEM nor a JWKS document');
  }
}

function keySetKeys(text: string, configured: readonly Algorithm[] | undefined): Keys {
  const { keySet, algorithms } = localKeySet(text);
  return {
    algorithms: usable(configured, algorithms),
    candidates: (hint) => matching(keySet, hint),
  };
}

function localKeySet(text: string) {
  let jwks: { keys: Record<string, unknown>[] };
  try {
    jwks = JSON.parse(text);
  } catch {
    throw new ConfigurationError('JWT_PUBLIC_KEY', 'starts with { but is no JSON');
  }
  if (!Array.isArray(jwks.keys) || jwks.keys.length === 0)
    throw new ConfigurationError('JWT_PUBLIC_KEY', 'has no "keys"; a JWKS is {"keys": [...]}');
  const algorithms = jwks.keys.flatMap((jwk) => {
    if (jwk.kty === 'oct' || 'd' in jwk)
      throw new ConfigurationError('JWT_PUBLIC_KEY', 'holds a secret or private key');
    return algorithmsOf(jwkPublicKey(jwk));
  });
  return { keySet: createLocalJWKSet(jwks as never), algorithms };
}

function jwkPublicKey(jwk: Record<string, unknown>): KeyObject {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    throw new ConfigurationError('JWT_PUBLIC_KEY', 'holds a key that is no valid public JWK');
  }
}

function remoteKeys(url: URL, configured: readonly Algorithm[] | undefined): Keys {
  const keySet = createRemoteJWKSet(url, {
    timeoutDuration: timeBudget.keySetMs,
    cooldownDuration: KEY_SET_COOLDOWN_MS,
    cacheMaxAge: KEY_SET_MAX_AGE_MS,
  });
  return {
    algorithms: usable(configured, asymmetricAlgorithms),
    candidates: async (hint) => {
      try {
        return await matching(keySet, hint);
      } catch (cause) {
        throw new KeyServerError('The key set at JWT_JWKS_URL could not be read', { cause });
      }
    },
  };
}

type KeySet = (header: KeyHint & Record<string, unknown>) => Promise<CryptoKey>;

async function matching(keySet: KeySet, hint: KeyHint): Promise<readonly VerificationKey[]> {
  try {
    return [await keySet({ ...hint })];
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return [];
    // Keys without a `kid`, or a token without one: any of them may have signed.
    if (error instanceof errors.JWKSMultipleMatchingKeys) return firstKeys(error);
    throw error;
  }
}

async function firstKeys(keys: AsyncIterable<CryptoKey>): Promise<readonly CryptoKey[]> {
  const found: CryptoKey[] = [];
  for await (const key of keys) {
    found.push(key);
    if (found.length === MAX_CANDIDATES) break;
  }
  return found;
}

function hmacOnly(configured: readonly Algorithm[] | undefined): readonly Algorithm[] {
  const algorithms = configured ?? ['HS256'];
  if (!algorithms.every(isHmac))
    throw new ConfigurationError(
      'JWT_ALGORITHMS',
      `names ${algorithms[0]}, but a secret verifies HS256, HS384 and HS512 only`,
    );
  return algorithms;
}

function usable(
  configured: readonly Algorithm[] | undefined,
  possible: readonly Algorithm[],
): readonly Algorithm[] {
  const useless = configured?.find((algorithm) => !possible.includes(algorithm));
  if (useless)
    throw new ConfigurationError(
      'JWT_ALGORITHMS',
      `names ${useless}, which no configured key can verify (they can ${[...new Set(possible)].join(', ')})`,
    );
  return configured ?? [...new Set(possible)];
}

/** Which algorithms a key is for, by RFC 7518 (section 3.1), RFC 8037 and RFC 9864. */
function algorithmsOf(key: KeyObject): readonly Algorithm[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    // RFC 7518, section 3.3: 2048 bits or more.
    if (modulusLength < 2048)
      throw new ConfigurationError('JWT_PUBLIC_KEY', `has ${modulusLength} bits; RSA needs 2048`);
    return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  }
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519'];
  if (namedCurve === 'prime256v1') return ['ES256'];
  if (namedCurve === 'secp384r1') return ['ES384'];
  if (namedCurve === 'secp521r1') return ['ES512'];
  throw new ConfigurationError(
    'JWT_PUBLIC_KEY',
    `is a ${namedCurve ?? key.asymmetricKeyType} key; RSA, P-256, P-384, P-521 and Ed25519 are supported`,
  );
}

/** Remembers the result for the last argument: a secret that did not change is not prepared again. */
function memoizeLast<Result>(make: (text: string) => Result): (text: string) => Result {
  let last: { text: string; result: Result } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, result: make(text) };
    return last.result;
  };
}
