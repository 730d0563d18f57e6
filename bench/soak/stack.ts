import { type ChildProcess, fork } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import type { Signer } from '../../lib/login/issue.ts';
import { bundleFunctions } from '../../support/bundle-functions.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { noRetryClient } from '../../support/no-retry-client.ts';
import { nextEvent, stop } from '../../support/processes.ts';
import { startStoreProcess } from '../../support/store-process.ts';
import { createSessionsTable } from '../../support/table.ts';

/** The functions that the soak asks over HTTP. */
export type SoakFunction = 'logout' | 'me';

/** What came back over HTTP; undefined where nothing did, so that nobody knows what was done. */
export type HttpAnswer = { readonly status: number; readonly body: string } | undefined;

/** The whole service in processes that can be killed, with a wire to its store that can fail. */
export interface Stack {
  /** Around the wire: for the login service, and for the audit. */
  readonly direct: SessionStore;
  /** Over the wire, as the functions have it. */
  readonly wired: SessionStore;
  readonly signer: Signer;
  readonly wire: FaultProxy;
  /** Sends a request to a function. */
  ask(fn: SoakFunction, token: string, query?: string): Promise<HttpAnswer>;
  /** Ends a function's process in the middle of whatever it does, and starts another. */
  restart(fn: SoakFunction): Promise<void>;
}

const FUNCTION = fileURLToPath(new URL('./function-process.ts', import.meta.url));
const REQUESTS = {
  logout: { method: 'POST', path: '/api/v1/auth/logout' },
  me: { method: 'GET', path: '/api/v1/auth/me' },
} as const;

/** Starts everything on free ports of the loopback interface. Sets the SDK's variables of this process. */
export async function openStack(): Promise<Stack & AsyncDisposable> {
  await using started = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), 'soak-'));
  started.defer(() => rmSync(directory, { recursive: true }));
  const bundle = join(directory, 'functions.cjs');
  writeFileSync(bundle, await bundleFunctions());

  const { dynamoDb } = started.use(await startStoreProcess());
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'soak',
    AWS_SECRET_ACCESS_KEY: 'soak',
  });
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamoDb;
  const client = noRetryClient();
  started.defer(() => client.destroy());
  const direct: SessionStore = { client, table: 'soak-sessions' };
  await createSessionsTable(direct.client, direct.table);
  const wire = await startFaultProxy(dynamoDb);
  started.defer(() => wire.close());
  process.env.AWS_ENDPOINT_URL_DYNAMODB = wire.endpoint;
  const wired = openSessionStore(direct.table);
  started.defer(() => wired.client.destroy());

  const secret = randomBytes(36).toString('base64url');
  const variables = {
    SESSIONS_TABLE: direct.table,
    JWT_SECRET: secret,
    JWT_SECRET_PARAMETER: '',
    JWT_PUBLIC_KEY: '',
    JWT_JWKS_URL: '',
    AWS_ENDPOINT_URL_DYNAMODB: wire.endpoint,
  };
  const running: Record<SoakFunction, Promise<RunningFunction>> = {
    logout: startFunction(bundle, 'logout', variables),
    me: startFunction(bundle, 'me', variables),
  };
  started.defer(async () => {
    for (const each of Object.values(running)) await stop((await each).process);
  });
  await Promise.all(Object.values(running));

  const all = started.move();
  return {
    direct,
    wired,
    signer: { key: createSecretKey(Buffer.from(secret)), algorithm: 'HS256' },
    wire,
    ask: async (fn, token, query = '') => {
      const { port } = await running[fn];
      const { method, path } = REQUESTS[fn];
      return send(method, `http://127.0.0.1:${port}${path}${query}`, token);
    },
    restart: async (fn) => {
      const { process: old } = await running[fn];
      const exit = once(old, 'exit');
      old.kill('SIGKILL');
      running[fn] = exit.then(() => startFunction(bundle, fn, variables));
      await running[fn];
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

interface RunningFunction {
  readonly process: ChildProcess;
  readonly port: number;
}

async function startFunction(
  bundle: string,
  fn: SoakFunction,
  variables: Readonly<Record<string, string>>,
): Promise<RunningFunction> {
  const child = fork(FUNCTION, [bundle, fn], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // Its log, a JSON object a line, goes nowhere; anything else that it says is worth reading.
  if (child.stderr)
    createInterface(child.stderr).on('line', (line) => {
      if (!line.startsWith('{')) process.stderr.write(`${fn}: ${line}\n`);
    });
  return { process: child, port: await nextEvent<number>(child, 'message') };
}

async function send(method: string, url: string, token: string): Promise<HttpAnswer> {
  try {
    const response = await fetch(url, { method, headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    // What fetch throws when the connection breaks: an outcome like any other here. (By its name, as the
    // class is another one in a test.)
    if (types.isNativeError(error) && error.name === 'TypeError' && error.cause) return undefined;
    throw error;
  }
}
