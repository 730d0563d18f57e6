import {
  type FaultProxy,
  startFaultProxy,
  type WireRequest,
} from '../../../support/fault-proxy.ts';
import { lambdaContext } from '../lambda.ts';
import { basic, CLIENT, clientsOf } from '../oauth.ts';
import type { TestStore } from '../store.ts';
import { type Answer, type Outcome, readAnswer } from './answer.ts';
import { type Asker, newUser, readAlive, type User, writeRows } from './devices.ts';
import type { Devices, Endpoint } from './endpoints.ts';
import { type Alive, evaluate, expectationOf } from './evaluate.ts';
import { isWaitedFor, type MatrixFault } from './faults.ts';
import { signerOf, startMatrixKeys } from './keys.ts';
import { type FreshFunctions, type StartFunctions, variablesOf } from './process.ts';
import { timeOutsOf } from './time-outs.ts';

/** One endpoint under one fault. */
export interface Cell {
  readonly fault: MatrixFault;
  readonly endpoint: Endpoint;
}

/** A request of a cell, and its results. */
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

/** Cells at a time: a cell that waits for a time-out costs nothing, the others a processor. */
const WAITING_AT_ONCE = 60;
const BUSY_AT_ONCE = 12;

/** Milliseconds; only `remainingMs` of a fault makes a function run out of time. */
const AMPLE_MS = 600_000;

/**
 * Runs cells, each in a process and on a proxy of its own. The rows of all are written before, and read after,
 * many in a request: a request of the test's own costs as much as one of the functions.
 *
 * @returns the asks of each cell
 */
export async function runCells(
  context: MatrixContext,
  cells: readonly Cell[],
): Promise<ReadonlyMap<Cell, readonly Ask[]>> {
  const prepared = await Promise.all(
    cells.map(async (cell) => [cell, await newUsers(cell)] as const),
  );
  const users = prepared.flatMap(([, asking]) => asking);
  await writeRows(context.store, users);
  const runs = (waits: boolean) =>
    prepared
      .filter(([{ fault }]) => isWaitedFor(fault) === waits)
      .map(
        ([cell, asking]) =>
          async () =>
            [cell, await runCell(context, cell, asking)] as const,
      );
  // One after the other: the busy cells would eat up the time-outs of the waiting ones.
  const answered = [
    ...(await inTurns(runs(true), WAITING_AT_ONCE)),
    ...(await inTurns(runs(false), BUSY_AT_ONCE)),
  ];
  const alive = await readAlive(context.store, users);
  return new Map(
    answered.map(([cell, calls]) => [cell, calls.map((call) => toAsk(cell, call, alive))]),
  );
}

async function inTurns<Result>(
  tasks: readonly (() => Promise<Result>)[],
  atOnce: number,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = tasks.entries();
  const worker = async () => {
    for (const [index, task] of left) results[index] = await task();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

async function newUsers({ fault, endpoint }: Cell): Promise<readonly User[]> {
  const signer = await signerOf(fault, endpoint);
  const askers = askersOf(endpoint, fault);
  return Promise.all(askers.map((asker) => newUser(asker, signer, endpoint)));
}

/** The sessions that can make a difference to an endpoint under a fault. */
export function askersOf({ operation }: Endpoint, fault: MatrixFault): readonly Asker[] {
  // No dead session gets past the check to a later operation, and no session is asked for without keys.
  if (operation !== undefined || (!fault.store && fault.expected === 'failed')) return ['live'];
  return fault.expected === 'failed' ? ['live', 'ended'] : ['live', 'deleted', 'ended'];
}

interface Call {
  readonly user: User;
  readonly answer: Answer;
  readonly requests: readonly WireRequest[];
}

async function runCell(
  { store, start }: MatrixContext,
  { fault, endpoint }: Cell,
  users: readonly User[],
): Promise<readonly Call[]> {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.adopt(await startFaultProxy(store.endpoint), (opened) => opened.close());
  const keys = stack.adopt(await startMatrixKeys(fault, endpoint), (opened) => opened.close());
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
  if (fault.jwks === 'down after the keys were read') {
    const [user] = await newUsers({ fault, endpoint });
    if (user) await callFunction(functions, endpoint, fault, user.devices);
    await keys.goDown();
  }
  const call = async (user: User): Promise<Call> => {
    const { devices } = user;
    const outcome = await callFunction(functions, endpoint, fault, devices);
    const answer = readAnswer(endpoint, devices, outcome);
    return { user, answer, requests: requestsOf(proxy, devices) };
  };
  if (fault.expected === 'failed') {
    await breakProxy(proxy, fault, endpoint);
    return await Promise.all(users.map(call));
  }
  const calls: Call[] = [];
  for (const user of users) {
    await breakProxy(proxy, fault, endpoint);
    calls.push(await call(user));
  }
  return calls;
}

function toAsk(
  { fault, endpoint }: Cell,
  { user, answer, requests }: Call,
  alive: ReadonlyMap<User, Alive>,
): Ask {
  const { asker, devices } = user;
  const after = alive.get(user);
  if (!after) throw new Error('The user’s rows were not read');
  const problems = evaluate(endpoint, expectationOf(endpoint, fault), {
    kind: answer.kind,
    metFault: requests.some((request) => request.fault !== 'none'),
    before: { asker: asker === 'live', other: true },
    after,
  });
  const mayAskStore = fault.store !== undefined || fault.expected === 'served';
  return {
    asker,
    answer,
    secrets: secretsOf(devices),
    problems:
      mayAskStore || requests.length === 0
        ? problems
        : [...problems, 'an unverified token reached the store'],
  };
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

function requestsOf(proxy: FaultProxy, { asker }: Devices): readonly WireRequest[] {
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
