import type { JWK } from 'jose';
import type { Signer } from '../../../lib/login/issue.ts';
import { startFakeSsm } from '../fake-ssm.ts';
import { startKeyServer } from '../jwks-server.ts';
import { type KeyPair, makeKeyPair } from '../key-pairs.ts';
import { TEST_SECRET, testSigner } from '../signing.ts';
import type { Endpoint } from './endpoints.ts';
import type { JwksFault, MatrixFault } from './faults.ts';

/** The source of the functions' keys, in the state that a fault describes. */
export interface MatrixKeys {
  /** For the functions. */
  readonly variables: Readonly<Record<string, string>>;
  /** Refuses connections from now on. */
  goDown(): Promise<void>;
  close(): Promise<void>;
}

type KeysOf = Pick<Endpoint, 'hasPublicKeys'>;

const KID = 'key-1';
const PARAMETER = '/service/test/jwt-secret';
let pair: Promise<KeyPair> | undefined;

/** Signs the tokens of a cell. */
export async function signerOf({ jwks }: MatrixFault, { hasPublicKeys }: KeysOf): Promise<Signer> {
  return jwks || hasPublicKeys ? (await publicKeys()).signer : testSigner;
}

/** The key source of a fault: a JWKS endpoint, a parameter in SSM, or the key in a variable. */
export async function startMatrixKeys(
  { jwks, ssm }: MatrixFault,
  { hasPublicKeys }: KeysOf,
): Promise<MatrixKeys> {
  if (jwks) return startJwks(jwks);
  if (ssm && !hasPublicKeys) {
    const server = await startFakeSsm();
    server.parameters.set(PARAMETER, TEST_SECRET);
    server.fault = ssm;
    const variables = { JWT_SECRET_PARAMETER: PARAMETER, AWS_ENDPOINT_URL_SSM: server.endpoint };
    return { variables, goDown: server.close, close: server.close };
  }
  const nothing = async () => {};
  const variables: MatrixKeys['variables'] = hasPublicKeys
    ? { JWT_PUBLIC_KEY: JSON.stringify({ keys: [(await publicKeys()).jwk] }) }
    : { JWT_SECRET: TEST_SECRET };
  return { variables, goDown: nothing, close: nothing };
}

async function publicKeys(): Promise<{ readonly signer: Signer; readonly jwk: JWK }> {
  pair ??= makeKeyPair('ES256');
  const { privateKey, jwk } = await pair;
  return { signer: { key: privateKey, algorithm: 'ES256', kid: KID }, jwk: { ...jwk, kid: KID } };
}

async function startJwks(fault: JwksFault): Promise<MatrixKeys> {
  const server = await startKeyServer(fault === 'no keys' ? [] : [(await publicKeys()).jwk]);
  const goDown = () => server.listen(false);
  if (fault === 'down') await goDown();
  else if (fault !== 'no keys' && fault !== 'down after the keys were read')
    server.behaviour = fault;
  return { variables: { JWT_JWKS_URL: server.url }, goDown, close: () => server.close() };
}
