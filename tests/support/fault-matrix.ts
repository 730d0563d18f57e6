import { randomUUID } from 'node:crypto';
import { issueSession, type Signer } from '../../lib/login/issue.ts';
import { listSessions } from '../../lib/sessions/list.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { timeouts } from '../../lib/shared/timeouts.ts';
import { type Answer, type EventName, readAnswer } from './fault-matrix-answer.ts';
import type { MatrixFault } from './fault-matrix-faults.ts';
import { judge, type Look, type Terms } from './fault-matrix-judge.ts';
import { type MatrixKeys, startMatrixKeys } from './fault-matrix-keys.ts';
import type { FreshFunctions } from './fault-matrix-process.ts';
import type { Devices, Subject } from './fault-matrix-subjects.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { lambdaContext } from './lambda.ts';
import { TEST_SECRET, testSigner } from './signing.ts';
import type { TestStore } from './store.ts';

/** Who asks: a live session, one whose row is deleted, one whose row is there but ended by a cutoff. */
export type Asker = 'live' | 'deleted' | 'ended';

/** What came of one subject under one fault. */
export interface Cell {
  readonly fault: MatrixFault;
  readonly subject: Subject;
  readonly asks: readonly Ask[];
}

export interface Ask {
  readonly asker: Asker;
  readonly answer: Answer;
  readonly before: Look;
  readonly after: Look;
  /** What is wrong with it. */
  readonly problems: readonly string[];
}

/** What every cell needs. */
export interface Ground {
  readonly store: TestStore;
  /** Bundled functions, freshly loaded with these variables. */
  readonly start: (variables: Readonly<Record<string, string>>) => FreshFunctions;
}

/** Whether a subject can meet a fault: some exist in one operation, or before there is any. */
export function canMeet(subject: Subject, { store, keyServer }: MatrixFault): boolean {
  if (subject.operation === undefined) return true;
  if (keyServer || !store || 'endpoint' in store || store.wire === 'refused') return false;
  return !store.wire.startsWith('unprocessed-');
}

/** A dead session gets no further than the check, so that later operations are a live one's alone. */
export function askersOf({ operation }: Subject): readonly Asker[] {
  return operation === undefined ? ['live', 'deleted', 'ended'] : ['live'];
}

/** Runs one cell, in a process and on a wire of its own. */
export async function runCell(
  { store, start }: Ground,
  fault: MatrixFault,
  subject: Subject,
): Promise<Cell> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.adopt(await startFaultProxy(store.endpoint), (opened) => opened.close());
  const keys = fault.keyServer
    ? stack.adopt(await startMatrixKeys(fault.keyServer), (opened) => opened.close())
    : undefined;
  const unreachable = fault.store && 'endpoint' in fault.store ? fault.store.endpoint : undefined;
  const functions = start({
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: unreachable?.(proxy.endpoint) ?? proxy.endpoint,
    SESSIONS_TABLE: store.table,
    ...(keys ? { JWT_JWKS_URL: keys.url } : { JWT_SECRET: TEST_SECRET }),
  });
  const signer = keys?.signer ?? testSigner;
  const call = (devices: Devices) => callFunction(functions, subject, fault, devices);
  if (fault.keyServer === 'down after the keys were read') {
    await call(await devicesOf(store, signer, 'live'));
    await keys?.goDown();
  }
  const ask = async (asker: Asker): Promise<Ask> => {
    const devices = await devicesOf(store, signer, asker);
    const before = await look(store, devices);
    const { outcome, leftMs } = await call(devices);
    const after = await look(store, devices);
    const answer = readAnswer(subject, devices, outcome);
    const terms = termsOf(subject, fault);
    const metFault = met(fault, proxy, keys, devices);
    return {
      asker,
      answer,
      before,
      after,
      problems: judge({ ...terms, kind: answer.kind, leftMs, metFault, before, after }),
    };
  };
  const asks: Ask[] = [];
  if (fault.expected === 'failed') {
    await breakWire(proxy, fault, subject);
    asks.push(...(await Promise.all(askersOf(subject).map(ask))));
  } else {
    for (const asker of askersOf(subject)) {
      await breakWire(proxy, fault, subject);
      asks.push(await ask(asker));
    }
  }
  return { fault, subject, asks };
}

async function breakWire(
  wire: FaultProxy,
  { store }: MatrixFault,
  { operation }: Subject,
): Promise<void> {
  if (!store || 'endpoint' in store) return;
  await wire.fault(store.wire, {
    ...store.options,
    ...(operation === undefined ? {} : { operation }),
  });
}

/** A user with two sessions, whose rows were written around the wire. */
async function devicesOf(store: TestStore, signer: Signer, asker: Asker): Promise<Devices> {
  const request = { sub: randomUUID(), ttlSeconds: 3_600 };
  const now = Date.now();
  const { token, session } = await issueSession(store, signer, request, now);
  if (asker === 'deleted') await endSession(store, session);
  if (asker === 'ended')
    await revokeMany(store, { session: session, cutoff: undefined }, 'everywhere', now);
  const { session: other } = await issueSession(store, signer, request, now + 1);
  return { asker: session, other, token };
}

async function look(store: TestStore, { asker, other }: Devices): Promise<Look> {
  const { sessions } = await listSessions(store, asker.sub, { limit: 3 });
  const isAlive = (session: Session) => sessions.some(({ jti }) => jti === session.jti);
  return { asker: isAlive(asker), other: isAlive(other) };
}

async function callFunction(
  functions: FreshFunctions,
  { fn, event }: Subject,
  { remainingMs = timeouts.functionMs }: MatrixFault,
  devices: Devices,
): Promise<{ readonly outcome: EventName; readonly leftMs: number }> {
  const context = lambdaContext(remainingMs);
  const outcome = await functions[fn](event(devices), context).then(
    (returned) => ({ returned }),
    (thrown: unknown) => ({ thrown }),
  );
  return { outcome, leftMs: context.getRemainingTimeInMillis() };
}

function termsOf({ ends, isProtected }: Subject, fault: MatrixFault): Terms {
  const { store, expected, mayHaveEffect = false } = fault;
  const isOfRows = store && 'wire' in store && store.wire.startsWith('unprocessed-');
  // Logout of this one session is a delete, which leaves no keys for later.
  const meetsFault = !isOfRows || isProtected;
  return {
    ends,
    isProtected,
    expected: meetsFault ? expected : 'served',
    mayHaveEffect,
    meetsFault,
  };
}

/** Whether a request of these devices met the fault; a fault that nothing gets through can't count. */
function met(
  { store, keyServer, expected }: MatrixFault,
  proxy: FaultProxy,
  keys: MatrixKeys | undefined,
  { asker }: Devices,
): boolean | undefined {
  const own = proxy.requests().filter(({ body }) => JSON.stringify(body).includes(asker.sub));
  if (keyServer) {
    const asked = keyServer === 'down' || (keys?.requests() ?? 0) > 0;
    // Nothing of an unverified token may reach the store.
    return asked && (expected === 'served' || own.length === 0);
  }
  if (!store || 'endpoint' in store || store.wire === 'refused') return undefined;
  return own.some(({ fault }) => fault !== 'none');
}
