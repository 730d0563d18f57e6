import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JWK } from 'jose';
import { ConfigurationError } from '../shared/environment.ts';
import { isObject } from '../shared/json.ts';
import type { Algorithm } from './algorithms.ts';
import { type KeySet, matchingKeys } from './key-set.ts';

/** RSA keys with fewer bits are refused (RFC 7518, section 3.3). */
export const MIN_RSA_BITS = 2_048;

/**
 * Parses JWT_PUBLIC_KEY.
 *
 * @param text an SPKI PEM, with line breaks possibly written out as `\n`, or a JWKS document
 * @throws ConfigurationError for other texts, and for secret, private, weak or unsupported keys
 */
export function parsePublicKeys(text: string): KeySet {
  const trimmed = text.trim();
  if (trimmed === '') throw wrong('is empty; it takes an SPKI PEM or a JWKS');
  return trimmed.startsWith('{')
    ? jwksKeySet(trimmed)
    : pemKeySet(trimmed.replaceAll('\\n', '\n').trim());
}

function pemKeySet(pem: string): KeySet {
  if (pem.includes('PRIVATE KEY')) throw wrong('holds a private key; give the public one');
  // OpenSSL reads only the first PEM; tokens of the other keys would be refused.
  if (pem.split('-----BEGIN ').length > 2)
    throw wrong('holds several PEMs; give several keys as a JWKS');
  const key = readKey(() => createPublicKey(pem), 'is neither an SPKI PEM nor a JWKS document');
  return { algorithms: algorithmsOf(key), resolve: async () => [key] };
}

function jwksKeySet(text: string): KeySet {
  const keys = parseJwks(text).filter(({ use = 'sig' }) => use === 'sig');
  if (keys.length === 0) throw wrong('has only keys for encryption, none for signatures');
  const keySet = createLocalJWKSet({ keys: [...keys] });
  return {
    algorithms: [...new Set(keys.flatMap(jwkAlgorithms))],
    resolve: (header) => matchingKeys(keySet, header),
  };
}

function parseJwks(text: string): readonly JWK[] {
  const keys = parseKeys(text);
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isObject))
    throw wrong('has no "keys"; a JWKS is {"keys": [{...}]}');
  if (keys.some((jwk) => jwk.kty === 'oct' || 'd' in jwk || 'priv' in jwk))
    throw wrong('holds a secret or private key; give public ones');
  return keys;
}

function parseKeys(text: string): unknown {
  try {
    const { keys }: { keys?: unknown } = JSON.parse(text);
    return keys;
  } catch {
    throw wrong('starts with { but is no JSON'); // without the cause, which may quote the text
  }
}

/** The algorithms of a key's type, narrowed by the member `alg`. */
function jwkAlgorithms(jwk: JWK): readonly Algorithm[] {
  const key = readKey(
    () => createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }),
    'holds a key that is no valid public JWK',
  );
  const algorithms = algorithmsOf(key).filter(
    (algorithm) => jwk.alg === undefined || jwk.alg === algorithm,
  );
  if (algorithms.length === 0) throw wrong('holds a key whose "alg" does not fit its type');
  return algorithms;
}

function readKey(read: () => KeyObject, problem: string): KeyObject {
  try {
    return read();
  } catch {
    throw wrong(problem); // without the cause, which may quote the key
  }
}

/** The algorithms of a key's type (RFC 7518, section 3.1; RFC 8037; RFC 9864). */
function algorithmsOf(key: KeyObject): readonly Algorithm[] {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    if (modulusLength < MIN_RSA_BITS)
      throw wrong(`has ${modulusLength} bits; RSA needs ${MIN_RSA_BITS}`);
    return ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  }
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519'];
  if (namedCurve === 'prime256v1') return ['ES256'];
  if (namedCurve === 'secp384r1') return ['ES384'];
  if (namedCurve === 'secp521r1') return ['ES512'];
  throw wrong(
    `is a ${namedCurve ?? key.asymmetricKeyType} key; RSA, P-256, P-384, P-521 and Ed25519 are supported`,
  );
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError('JWT_PUBLIC_KEY', problem);
}
