import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { JWK } from 'jose';
import type { Signer } from '../../../lib/login/issue.ts';
import { listenOnLoopback } from '../../../support/loopback.ts';
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
  readonly signer: Signer;
  /** Refuses connections from now on. */
  goDown(): Promise<void>;
  close(): Promise<void>;
}

const KID = 'key-1';
const PARAMETER = '/service/test/jwt-secret';
let pair: Promise<KeyPair> | undefined;

/** The key source of a fault: a JWKS endpoint, a parameter in SSM, or the secret in a variable. */
export async function startMatrixKeys(
  { jwks, ssm }: MatrixFault,
  { hasPublicKeys }: Pick<Endpoint, 'hasPublicKeys'>,
): Promise<MatrixKeys> {
  if (jwks) return startJwks(jwks);
  const nothing = async () => {};
  if (hasPublicKeys) {
    const { signer, jwk } = await publicKeys();
    const variables = { JWT_PUBLIC_KEY: JSON.stringify({ keys: [jwk] }) };
    return { variables, signer, goDown: nothing, close: nothing };
  }
  if (!ssm)
    return {
      variables: { JWT_SECRET: TEST_SECRET },
      signer: testSigner,
      goDown: nothing,
      close: nothing,
    };
  const server = await startFakeSsm();
  server.parameters.set(PARAMETER, TEST_SECRET);
  server.fault = ssm;
  const variables = { JWT_SECRET_PARAMETER: PARAMETER, AWS_ENDPOINT_URL_SSM: server.endpoint };
  return { variables, signer: testSigner, goDown: server.close, close: server.close };
}

async function publicKeys(): Promise<{ readonly signer: Signer; readonly jwk: JWK }> {
  pair ??= makeKeyPair('ES256');
  const { privateKey, jwk } = await pair;
  return { signer: { key: privateKey, algorithm: 'ES256', kid: KID }, jwk: { ...jwk, kid: KID } };
}

async function startJwks(fault: JwksFault): Promise<MatrixKeys> {
  const { signer, jwk } = await publicKeys();
  const keys = [jwk];
  if (typeof fault === 'object' && 'delayMs' in fault)
    return { signer, ...(await startSlowServer(JSON.stringify({ keys }), fault.delayMs)) };
  const server = await startKeyServer(fault === 'no keys' ? [] : keys);
  const goDown = () => server.listen(false);
  if (fault === 'down') await goDown();
  else if (fault !== 'no keys' && fault !== 'down after the keys were read')
    server.behaviour = fault;
  return { variables: { JWT_JWKS_URL: server.url }, signer, goDown, close: () => server.close() };
}

async function startSlowServer(body: string, delayMs: number): Promise<Omit<MatrixKeys, 'signer'>> {
  const server = createServer(async (_, response) => {
    await pause(delayMs, undefined, { ref: false });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  });
  const port = await listenOnLoopback(server);
  return {
    variables: { JWT_JWKS_URL: `${port.url}/jwks.json` },
    goDown: port.shut,
    close: port.close,
  };
}
