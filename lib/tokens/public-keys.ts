import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { ConfigurationError } from '../shared/environment.ts';
import { isObject, parseJson } from '../shared/json.ts';
import { type Algorithm, synonyms } from './algorithms.ts';
import type { VerificationKey } from './key-set.ts';

/** RSA keys with fewer bits are refused (RFC 7518, section 3.3). */
export const MIN_RSA_BITS = 2_048;

const NO_KEYS = 'has no "keys"; a JWKS is {"keys": [{...}]}';
const NOT_PUBLIC = 'holds a secret or private key; give public ones';

/**
 * Parses JWT_PUBLIC_KEY.
 *
 * @param text an SPKI PEM or a JWKS document, as shells, consoles and `.env` files pass them on
 * @throws ConfigurationError for other texts, for secret and private keys, and where no key is usable
 */
export function parsePublicKeys(text: string): readonly VerificationKey[] {
  const unquoted = text
    .trim()
    .replace(/^(["'])(.*)\1$/s, '$2')
    .trim();
  if (unquoted === '') throw wrong('is empty; it takes an SPKI PEM or a JWKS');
  if (!unquoted.startsWith('{')) return [parsePem(unquoted)];
  const { keys, problems } = parseJwks(unquoted);
  if (problems.includes(NOT_PUBLIC)) throw wrong(NOT_PUBLIC);
  if (keys.length === 0) throw wrong(problems[0] ?? NO_KEYS);
  return keys;
}

/**
 * Parses a JWKS. Keys of unknown kinds, for other uses, or with invalid members are skipped
 * (RFC 7517, section 5).
 *
 * @returns the usable keys, and why each other key or the document is not; never both empty
 */
export function parseJwks(text: string): { keys: VerificationKey[]; problems: string[] } {
  const document = parseJson(text);
  if (document === undefined) return { keys: [], problems: ['is no JSON'] };
  const jwks = isObject(document) && Array.isArray(document.keys) ? document.keys : [];
  const results = jwks.filter(isObject).map(parseJwk);
  const problems = results.filter((result) => typeof result === 'string');
  return {
    keys: results.filter((result) => typeof result !== 'string'),
    problems: results.length === 0 ? [NO_KEYS] : problems,
  };
}

/** @returns the key, which jose imports once per algorithm and object, or why it is skipped */
function parseJwk(jwk: Readonly<Record<string, unknown>>): VerificationKey | string {
  const { kid, alg, use = 'sig', key_ops = ['verify'] } = jwk;
  if (jwk.kty === 'oct' || 'd' in jwk || 'priv' in jwk) return NOT_PUBLIC;
  if (use !== 'sig' || !Array.isArray(key_ops) || !key_ops.includes('verify'))
    return 'has only keys for other uses, none for verifying signatures';
  const key = readKey({ key: jwk as JsonWebKey, format: 'jwk' });
  if (!key) return 'holds a key that is no valid public JWK';
  const possible = algorithmsOf(key);
  if (typeof possible === 'string') return possible;
  const algorithms = possible.filter(
    (algorithm) => alg === undefined || synonyms(algorithm).some((name) => name === alg),
  );
  if (algorithms.length === 0) return 'holds a key whose "alg" does not fit its type';
  return { kid: typeof kid === 'string' ? kid : undefined, algorithms, keyFor: () => key };
}

function parsePem(text: string): VerificationKey {
  if (text.includes('PRIVATE KEY')) throw wrong('holds a private key; give the public one');
  // OpenSSL reads only the first PEM; tokens of the other keys would be refused.
  if (text.split('-----BEGIN ').length > 2)
    throw wrong('holds several PEMs; give several keys as a JWKS');
  const key = readKey(restoreLines(text));
  if (!key) throw wrong('is neither an SPKI PEM nor a JWKS document');
  const algorithms = algorithmsOf(key);
  if (typeof algorithms === 'string') throw wrong(algorithms);
  return { kid: undefined, algorithms, keyFor: () => key };
}

/** Restores a PEM from one line, indented lines or written-out line breaks, and from the base64 alone. */
function restoreLines(text: string): string {
  const lines = text.replaceAll(/\\[rn]/g, '\n');
  const pem = /-----BEGIN ([^-]+)-----(.*)-----END \1-----/s.exec(lines);
  const [, label = 'PUBLIC KEY', body = lines] = pem ?? [];
  const base64 = body.replaceAll(/\s/g, '').replaceAll(/.{64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n`;
}

/** Returns undefined in place of an exception, whose message may quote the key. */
function readKey(input: Parameters<typeof createPublicKey>[0]): KeyObject | undefined {
  try {
    return createPublicKey(input);
  } catch {
    return undefined;
  }
}

/** The algorithms of a key's type (RFC 7518, section 3.1; RFC 8037; RFC 9864), or why there are none. */
function algorithmsOf(key: KeyObject): readonly Algorithm[] | string {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa')
    return modulusLength < MIN_RSA_BITS
      ? `has ${modulusLength} bits; RSA needs ${MIN_RSA_BITS}`
      : ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
  if (key.asymmetricKeyType === 'ed25519') return ['EdDSA', 'Ed25519'];
  if (namedCurve === 'prime256v1') return ['ES256'];
  if (namedCurve === 'secp384r1') return ['ES384'];
  if (namedCurve === 'secp521r1') return ['ES512'];
  return `is a ${namedCurve ?? key.asymmetricKeyType} key; RSA, P-256, P-384, P-521 and Ed25519 are supported`;
}

function wrong(problem: string): ConfigurationError {
  return new ConfigurationError('JWT_PUBLIC_KEY', problem);
}
