import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Signer } from '../../lib/login/issue.ts';
import { listenOnLoopback } from '../../support/loopback.ts';
import type { KeyServerFault } from './fault-matrix-faults.ts';
import { startKeyServer } from './jwks-server.ts';
import { type KeyPair, makeKeyPair } from './key-pairs.ts';

/** A server of one key, in the state that a fault describes. */
export interface MatrixKeys {
  readonly url: string;
  readonly signer: Signer;
  requests(): number;
  /** Refuses connections from now on. */
  goDown(): Promise<void>;
  close(): Promise<void>;
}

const KID = 'key-1';
let pair: Promise<KeyPair> | undefined;

/** Starts the server of the keys that tokens are signed with, and breaks it. */
export async function startMatrixKeys(fault: KeyServerFault): Promise<MatrixKeys> {
  pair ??= makeKeyPair('ES256');
  const { privateKey, jwk } = await pair;
  const signer: Signer = { key: privateKey, algorithm: 'ES256', kid: KID };
  const keys = [{ ...jwk, kid: KID }];
  if (typeof fault === 'object' && 'delayMs' in fault)
    return { signer, ...(await startSlowServer(JSON.stringify({ keys }), fault.delayMs)) };
  const server = await startKeyServer(fault === 'no keys' ? [] : keys);
  const goDown = () => server.listen(false);
  if (fault === 'down') await goDown();
  else if (fault !== 'no keys' && fault !== 'down after the keys were read')
    server.behaviour = fault;
  return {
    url: server.url,
    signer,
    requests: () => server.requests,
    goDown,
    close: () => server.close(),
  };
}

async function startSlowServer(body: string, delayMs: number): Promise<Omit<MatrixKeys, 'signer'>> {
  let requests = 0;
  const server = createServer(async (_, response) => {
    requests += 1;
    await pause(delayMs, undefined, { ref: false });
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(body);
  });
  const port = await listenOnLoopback(server);
  return {
    url: `${port.url}/jwks.json`,
    requests: () => requests,
    goDown: port.shut,
    close: port.close,
  };
}
