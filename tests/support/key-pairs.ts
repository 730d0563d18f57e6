import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, type JWK, type JWTPayload, SignJWT } from 'jose';

/** A fresh pair of keys, and its public half in every form that the service takes. */
export interface KeyPair {
  /** The algorithm that it signs with here. */
  readonly algorithm: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** SPKI. */
  readonly pem: string;
  readonly jwk: JWK;
}

/** Makes the pair of keys that an algorithm needs. */
export async function makeKeyPair(algorithm: string): Promise<KeyPair> {
  const { privateKey, publicKey } = generate(algorithm);
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { algorithm, privateKey, publicKey, pem, jwk: await exportJWK(publicKey) };
}

function generate(algorithm: string) {
  const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
  const namedCurve = curves[algorithm];
  if (namedCurve) return generateKeyPairSync('ec', { namedCurve });
  if (/^Ed/.test(algorithm)) return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2_048 });
}

/** Signs claims with a private key. */
export function signWith(
  { algorithm, privateKey }: Pick<KeyPair, 'algorithm' | 'privateKey'>,
  claims: JWTPayload,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: algorithm, ...header }).sign(privateKey);
}
