import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { createLocalJWKSet, type JWK } from 'jose';
import { ConfigurationError } from '../shared/environment.ts';
import { isObject } from '../shared/json.ts';
import type { Algorithm } from './config.ts';
import { type Keys, matchingKeys } from './key-set.ts';

/** RSA keys with fewer bits are refused (RFC 7518, section 3.3). */
export const MIN_RSA_BITS = 2_048;

/**
 * Prepares the public keys of JWT_PUBLIC_KEY.
 *
 * @param text an SPKI PEM, or a JWKS document
 * @throws ConfigurationError for anything else, and for secret, private, weak or unknown keys
 */
export function publicKeys(text: string): Keys {
  return text.startsWith('{') ? keySetKeys(text) : pemKeys(text);
}

function pemKeys(pem: string): Keys {
  if (pem.includes('PRIVATE KEY')) throw wrong('holds a private key; give the public one');
  // OpenSSL reads the first and passes over the rest, whose tokens would all be refused.
  if (pem.split('-----BEGIN ').length > 2)
    throw wrong('holds several PEMs; give several keys as a JWKS');
  const key = readKey(() => createPublicKey(pem), 'is neither an SPKI PEM nor a JWKS document');
  return { algorithms: algorithmsOf(key), resolve: async () => [key] };
}

function keySetKeys(text: string): Keys {
  const keys = parseKeySet(text).filter(({ use = 'sig' }) => use === 'sig');
  if (keys.length === 0) throw wrong('has only keys for encryption, none for signatures');
  const keySet = createLocalJWKSet({ keys: [...keys] });
  return {
    algorithms: [...new Set(keys.flatMap(jwkAlgorithms))],
    resolve: (hint) => matchingKeys(keySet, hint),
  };
}

function parseKeySet(text: string): readonly JWK[] {
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

/** All that the type of a key allows, or the one that its `alg` narrows it to. */
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

/** Which algorithms a key is for, by RFC 7518 (section 3.1), RFC 8037 and RFC 9864. */
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
