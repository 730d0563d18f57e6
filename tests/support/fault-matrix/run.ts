import { randomUUID } from 'node:crypto';
import { issueSession, type Signer } from '../../../lib/login/issue.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { queryRows } from '../../../lib/sessions/rows.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { endSession } from '../../../lib/sessions/sessions.ts';
import { type FaultProxy, startFaultProxy } from '../../../support/fault-proxy.ts';
import { lambdaContext } from '../lambda.ts';
import { basic, CLIENT, clientsOf } from '../oauth.ts';
import type { TestStore } from '../store.ts';
import { type Answer, type Outcome, readAnswer } from './answer.ts';
import type { Devices, Endpoint } from './endpoints.ts';
import { type Alive, evaluate, expectationOf } from './evaluate.ts';
import { isWaitedFor, type MatrixFault } from './faults.ts';
import { startMatrixKeys } from './keys.ts';
import { type FreshFunctions, type StartFunctions, variablesOf } from './process.ts';

/** A live session, a session whose row is deleted, and a session whose row a cutoff covers. */
export type Asker = 'live' | 'deleted' | 'ended';

/** The results of one endpoint under one fault. */
export interface Cell {
  readonly fault: MatrixFault;
  readonly endpoint: Endpoint;
  readonly asks: readonly Ask[];
}

export interface Ask {
  readonly asker: Asker;
  readonly answer: Answer;
  /** Texts that neither the answer nor the log may hold. */
  readonly secrets: readonly string[];
  /** Breaches of the contract. */
  readonly problems: readonly string[];
}

/** What all cells share. */
export interface MatrixContext {
  readonly store: TestStore;
  readonly start: StartFunctions;
}

/**
 * Time-outs of the functions, so that no answer depends on how busy the machine is: short where the fault ends
 * in a time-out of any length, generous where it does not. tests/lib/shared/timeouts.test.ts has the product's.
 */
function timeOutsOf(fault: MatrixFault, endpoint: Endpoint): Parameters<StartFunctions>[1] {
  if (fault.remainingMs !== undefined) return {};
  const { store } = fault;
  const { answer } = expectationOf(endpoint, fault);
  const isUnprocessed = store && 'fault' in store && store.fault.startsWith('unprocessed-');
  const isCounted = store && 'fault' in store && store.options?.times !== undefined;
  if (endpoint.isBestEffort && isWaitedFor(fault))
    return { connectMs: 30_000, attempts: 3, attemptMs: 3_000, ...UNLIMITED };
  if (answer === 'served')
    // A connection that hangs is given up after an attempt's own time; nothing else is.
    return isCounted && isWaitedFor(fault) && !isUnprocessed
      ? { attempts: 10, keySetMs: 30_000, ...UNLIMITED }
      : { ...PATIENT, ...UNLIMITED };
  if (!isWaitedFor(fault)) return { ...PATIENT, ...UNLIMITED };
  // Keys that stay unprocessed are asked for until the time of the operation is over.
  if (isUnprocessed) return { connectMs: 30_000, attemptMs: 30_000, storeMs: 4_000 };
  return { connectMs: 400, attemptMs: 400, storeMs: 1_500, keySetMs: 500, secretMs: 500 };
}

const PATIENT = { connectMs: 30_000, attemptMs: 30_000, keySetMs: 30_000, secretMs: 60_000 };
const UNLIMITED = { storeMs: 90_000, deleteRevokedMs: 90_000, touchMs: 90_000 };

/** Milliseconds; only `remainingMs` of a fault makes a function run out of time. */
const AMPLE_MS = 600_000;

/** The sessions that can make a difference to an endpoint under a fault. */
export function askersOf({ operation }: Endpoint, fault: MatrixFault): readonly Asker[] {
  // No dead session gets past the check to a later operation, and no session is asked for without keys.
  if (operation !== undefined || (!fault.store && fault.expected === 'failed')) return ['live'];
  return fault.expected === 'failed' ? ['live', 'ended'] : ['live', 'deleted', 'ended'];
}

/** Runs one cell, in a process and on a proxy of its own. */
export async function runCell(
  { store, start }: MatrixContext,
  fault: MatrixFault,
  endpoint: Endpoint,
): Promise<Cell> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.adopt(await startFaultProxy(store.endpoint), (opened) => opened.close());
  const keys = stack.adopt(await startMatrixKeys(fault, endpoint), (opened) => opened.close());
  const { expected } = fault;
  const functions = start(
    {
      ...variablesOf(endpointOf(fault, proxy), store.table),
      ...keys.variables,
      OAUTH_CLIENTS: clientsOf(CLIENT),
      ...fault.variables,
      ...(endpoint.hasIdleTimeout ? { IDLE_TIMEOUT: '900' } : {}),
      ...(endpoint.isAdopted ? { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti' } : {}),
      ...endpoint.variables,
    },
    timeOutsOf(fault, endpoint),
  );
  const call = (devices: Devices) => callFunction(functions, endpoint, fault, devices);
  if (fault.jwks === 'down after the keys were read') {
    await call(await devicesOf(store, keys.signer, 'live', endpoint));
    await keys.goDown();
  }
  const expectation = expectationOf(endpoint, fault);
  const ask = async (asker: Asker): Promise<Ask> => {
    const devices = await devicesOf(store, keys.signer, asker, endpoint);
    const before = { asker: asker === 'live', other: true };
    const answer = readAnswer(endpoint, devices, await call(devices));
    const after = await readAlive(store, devices, endpoint);
    const requests = requestsOf(proxy, devices);
    const metFault = requests.some((request) => request.fault !== 'none');
    const { kind } = answer;
    const problems = [
      ...evaluate(endpoint, expectation, { kind, metFault, before, after }),
      ...(!fault.store && expected === 'failed' && requests.length > 0
        ? ['an unverified token reached the store']
        : []),
    ];
    return { asker, answer, secrets: secretsOf(devices), problems };
  };
  const asks: Ask[] = [];
  if (expected === 'failed') {
    await breakProxy(proxy, fault, endpoint);
    asks.push(...(await Promise.all(askersOf(endpoint, fault).map(ask))));
  } else {
    for (const asker of askersOf(endpoint, fault)) {
      await breakProxy(proxy, fault, endpoint);
      asks.push(await ask(asker));
    }
  }
  return { fault, endpoint, asks };
}

function endpointOf({ store }: MatrixFault, { endpoint }: FaultProxy): string {
  return store && 'endpoint' in store ? store.endpoint(endpoint) : endpoint;
}

async function breakProxy(
  proxy: FaultProxy,
  { store }: MatrixFault,
  { operation }: Endpoint,
): Promise<void> {
  if (!store || 'endpoint' in store) return;
  await proxy.fault(store.fault, {
    ...store.options,
    ...(operation === undefined ? {} : { operation }),
  });
}

/** A user with two sessions, whose rows were written around the proxy. */
async function devicesOf(
  store: TestStore,
  signer: Signer,
  asker: Asker,
  { isUnseen }: Endpoint,
): Promise<Devices> {
  const request = { sub: randomUUID(), ttlSeconds: 3_600 };
  const now = Date.now();
  const { token, session } = await issueSession(store, signer, request, now);
  if (asker === 'deleted' || isUnseen) await endSession(store, session);
  if (asker === 'ended') await revokeMany(store, { session, cutoff: undefined }, 'everywhere', now);
  const { session: other } = await issueSession(store, signer, request, now + 1);
  return { asker: session, other, token, signer };
}

async function readAlive(
  store: TestStore,
  { asker, other }: Devices,
  { isUnseen }: Endpoint,
): Promise<Alive> {
  const { sessions } = await listSessions(store, asker.sub, { limit: 3 });
  const isAlive = (session: Session) => sessions.some(({ jti }) => jti === session.jti);
  // A session that no check has met needs no row.
  const isUnmet =
    isUnseen && (await queryRows(store, asker.sub)).every(({ jti }) => jti !== asker.jti);
  return { asker: isUnmet || isAlive(asker), other: isAlive(other) };
}

async function callFunction(
  functions: FreshFunctions,
  { fn, event }: Endpoint,
  { remainingMs = AMPLE_MS }: MatrixFault,
  devices: Devices,
): Promise<Outcome> {
  return functions[fn](await event(devices), lambdaContext(remainingMs)).then(
    (returned) => ({ returned }),
    (thrown: unknown) => ({ thrown }),
  );
}

function requestsOf(proxy: FaultProxy, { asker }: Devices) {
  return proxy.requests().filter(({ body }) => JSON.stringify(body).includes(asker.sub));
}

function secretsOf({ asker, other, token }: Devices): readonly string[] {
  const [, payload = '', signature = ''] = token.split('.');
  return [
    payload,
    signature,
    asker.sub,
    asker.jti,
    other.jti,
    CLIENT.secret,
    basic(CLIENT).slice(6),
  ];
}
