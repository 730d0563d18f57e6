import { createSecretKey, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { issueSession, type Signer } from '../../lib/login/issue.ts';
import type { ClientRequest } from './samples.ts';

export interface TrafficTarget {
  /** For example `http://localhost:3000/api/v1/auth`. */
  readonly api: string;
  /** A way to the store that does not fail. */
  readonly store: SessionStore;
  readonly signer: Signer;
}

/** Between two visits: a picture needs no load. */
const PAUSE_MS = 150;

type Send = (method: string, path: string, token: string) => Promise<void>;

/**
 * One client that sends all sorts of requests, one after the other: people who come, look and leave, and
 * tokens that were never any good.
 *
 * @param until epoch milliseconds
 */
export async function traffic(
  target: TrafficTarget,
  until: number,
  onProgress: (requests: number) => Promise<void>,
): Promise<readonly ClientRequest[]> {
  const requests: ClientRequest[] = [];
  const send: Send = async (method, path, token) => {
    const at = Date.now();
    const headers = { authorization: `Bearer ${token}` };
    const signal = AbortSignal.timeout(20_000);
    const response = await fetch(`${target.api}/${path}`, { method, headers, signal });
    await response.arrayBuffer();
    requests.push({ at, status: response.status, latencyMs: Date.now() - at });
  };
  const visits = [stay, leave, leaveTwice, leaveEverywhere, forge, forget, stay, expire];
  for (let index = 0; Date.now() < until; index += 1) {
    await visits[index % visits.length]?.(send, target, `user-${index % 5}`);
    await onProgress(requests.length);
    await pause(PAUSE_MS);
  }
  return requests;
}

type Visit = (send: Send, target: TrafficTarget, sub: string) => Promise<void>;

async function logIn({ store, signer }: TrafficTarget, sub: string, ttlSeconds = 600) {
  return (await issueSession(store, signer, { sub, ttlSeconds })).token;
}

const stay: Visit = async (send, target, sub) => {
  const token = await logIn(target, sub);
  for (const path of ['me', 'sessions', 'me', 'me']) await send('GET', path, token);
};

const leave: Visit = async (send, target, sub) => {
  const token = await logIn(target, sub);
  await send('GET', 'me', token);
  await send('POST', 'logout', token);
  await send('GET', 'me', token);
};

const leaveTwice: Visit = async (send, target, sub) => {
  const token = await logIn(target, sub);
  await send('POST', 'logout', token);
  await send('POST', 'logout', token);
};

const leaveEverywhere: Visit = async (send, target, sub) => {
  const [token, other] = [await logIn(target, sub), await logIn(target, sub)];
  await send('POST', 'logout?scope=everywhere', token);
  await send('GET', 'me', other);
};

const forge: Visit = async (send, target, sub) => {
  const signer = { ...target.signer, key: createSecretKey(randomBytes(36)) };
  const forged = await logIn({ ...target, signer }, sub);
  await send('GET', 'me', forged);
  await send('POST', 'logout', forged);
};

const forget: Visit = async (send) => {
  await send('GET', 'me', 'undefined');
  await send('POST', 'logout', 'not.a.token');
};

const expire: Visit = async (send, target, sub) => {
  // Older than the clock tolerance.
  const token = await logIn(target, sub, -60);
  await send('GET', 'me', token);
  await send('POST', 'logout', token);
};
