import { randomBytes } from 'node:crypto';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { openSessionStore, type SessionStore } from '../../../lib/aws/dynamodb.ts';
import { issueSession, type NewSession, type Signer } from '../../../lib/login/issue.ts';
import { type FaultProxy, startFaultProxy } from '../../../support/fault-proxy.ts';
import type { OfflineService } from '../../../support/offline-service.ts';
import { type RunEnvironment, readRunFile } from '../../../support/run-file.ts';
import { readRunLog } from '../../../support/run-log.ts';
import { signerOf } from '../../../support/signer.ts';
import { late } from '../late.ts';
import { type Endpoints, endpointsOf } from '../service.ts';
import type { StackDescription } from './host.ts';

/** The local run that all end-to-end files share. */
export interface SharedService extends Omit<OfflineService, 'output' | 'stop'>, Endpoints {
  /** Variables of its functions, and the SDK's for its store. */
  readonly environment: RunEnvironment;
  /** Printed by its start. */
  readonly started: string;
  /** Lines that its functions have logged so far, those of other files' requests included. */
  log(): readonly string[];
}

/** The shared local run, as one test file uses it. */
export interface SharedStack {
  readonly service: SharedService;
  /** Between the functions and DynamoDB, for the users of this file alone. */
  readonly wire: FaultProxy;
  /** The same table, without the wire. */
  readonly store: SessionStore;
  readonly signer: Signer;
  /** The name of a user whom no other file has. */
  user(name: string): string;
  /** Issues a session, by default of this file's alice and for an hour. */
  issue(request?: Partial<NewSession>): ReturnType<typeof issueSession>;
  /** Opens the table over the wire. */
  openWired(): Promise<SessionStore>;
  /** Closes what is this file's own. */
  close(): Promise<void>;
}

/**
 * Opens the shared local run, and starts it where no file has.
 *
 * @param wired whether requests about this file's users pass its wire
 */
export async function openSharedStack({ wired = false } = {}): Promise<SharedStack> {
  const host = process.env.SHARED_STACK;
  const answer = await fetch(`${host}/stack`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`No shared local run: ${text}`);
  const { url, port, lambdaUrl, started, store: endpoint }: StackDescription = JSON.parse(text);

  const mark = randomBytes(6).toString('hex');
  const wire = await startFaultProxy(endpoint);
  if (wired) {
    const route = JSON.stringify({ mark, endpoint: wire.endpoint });
    await fetch(`${host}/routes`, { method: 'PUT', body: route });
  }

  const environment = readRunFile(port) ?? {};
  const signer = await signerOf(environment);
  if (!signer) throw new Error('The shared local run has no secret');
  const openAt = (address: string) =>
    openStoreAt({ ...environment, AWS_ENDPOINT_URL_DYNAMODB: address });
  const store = await openAt(endpoint);
  const opened = [store];
  const user = (name: string) => `${name}-${mark}`;
  return {
    service: {
      ...{ url, port, lambdaUrl, started, environment },
      ...endpointsOf((path, init) => fetch(new URL(path, url), init)),
      log: () => readRunLog(port),
    },
    ...{ wire, store, signer, user },
    issue: (request = {}) =>
      issueSession(store, signer, { sub: user('alice'), ttlSeconds: 3_600, ...request }),
    openWired: async () => {
      const overWire = await openAt(wire.endpoint);
      opened.push(overWire);
      return overWire;
    },
    close: async () => {
      for (const { client } of opened) client.destroy();
      await wire.close();
    },
  };
}

/** Registers the shared local run for all tests of a file; without faults on a wire at the start of each. */
export function useSharedStack({ wired = false } = {}): {
  readonly stack: SharedStack;
  readonly service: SharedService;
  readonly wire: FaultProxy;
} {
  let stack: SharedStack;
  beforeAll(async () => {
    stack = await openSharedStack({ wired });
  });
  beforeEach(() => stack.wire.clear());
  afterAll(() => stack?.close());
  return {
    stack: late(() => stack),
    service: late(() => stack.service),
    wire: late(() => stack.wire),
  };
}

/** Opens the table of an environment, and leaves this process's variables as they were. */
async function openStoreAt(environment: RunEnvironment): Promise<SessionStore> {
  const before = process.env;
  process.env = { ...before, ...environment };
  try {
    const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
    // The SDK reads its variables at the first request.
    await store.client.send(new DescribeTableCommand({ TableName: store.table }));
    return store;
  } finally {
    process.env = before;
  }
}
