import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import type { Signer } from '../../lib/login/issue.ts';
import { bundleFunctions } from '../../support/bundle-functions.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { noRetryClient } from '../../support/no-retry-client.ts';
import { stop } from '../../support/processes.ts';
import { startStoreProcess } from '../../support/store-process.ts';
import { createSessionsTable } from '../../support/table.ts';
import { send } from '../load.ts';
import { startServer } from '../server.ts';

/** The functions that the soak asks over HTTP. */
export type SoakFunction = 'logout' | 'me';

/** An HTTP answer; undefined without one, so that nobody knows what was done. */
export type HttpAnswer = Awaited<ReturnType<typeof send>> | undefined;

/** The service in processes that can be killed, with a proxy to its store that can fail. */
export interface Stack {
  /** Around the proxy: for the login service's log-ins and the audit. */
  readonly direct: SessionStore;
  /** Through the proxy, as the functions have it. */
  readonly proxied: SessionStore;
  readonly signer: Signer;
  readonly proxy: FaultProxy;
  ask(fn: SoakFunction, token: string, query?: string): Promise<HttpAnswer>;
  /** Kills a function's process, whatever it is doing, and starts another. */
  restart(fn: SoakFunction): Promise<void>;
}

const METHODS = { logout: 'POST', me: 'GET' } as const;

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
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb,
  });
  const direct: SessionStore = { client: noRetryClient(), table: 'soak-sessions' };
  started.defer(() => direct.client.destroy());
  await createSessionsTable(direct.client, direct.table);
  const proxy = await startFaultProxy(dynamoDb);
  started.defer(() => proxy.close());
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint;
  const proxied = openSessionStore(direct.table);
  started.defer(() => proxied.client.destroy());

  const secret = randomBytes(36).toString('base64url');
  const variables = {
    SESSIONS_TABLE: direct.table,
    JWT_SECRET: secret,
    JWT_SECRET_PARAMETER: '',
    JWT_PUBLIC_KEY: '',
    JWT_JWKS_URL: '',
  };
  const front = fileURLToPath(new URL('../front.ts', import.meta.url));
  const start = (fn: SoakFunction) =>
    startServer(process.execPath, [front, `${fn}=${bundle}#${fn}`], variables);
  const running = { logout: start('logout'), me: start('me') };
  started.defer(async () => {
    for (const each of Object.values(running)) await stop((await each).process);
  });
  await Promise.all(Object.values(running));

  const all = started.move();
  return {
    ...{ direct, proxied, proxy },
    signer: { key: createSecretKey(Buffer.from(secret)), algorithm: 'HS256' },
    ask: async (fn, token, query = '') => {
      const { origin } = await running[fn];
      const headers = { authorization: `Bearer ${token}` };
      const path = `/api/v1/auth/${fn}${query}`;
      return send(origin, { method: METHODS[fn], path, headers }).catch((error) => {
        // A connection that breaks is a result like any other here.
        if ('code' in error) return undefined;
        throw error;
      });
    },
    restart: async (fn) => {
      const { process: old } = await running[fn];
      const exit = once(old, 'exit');
      old.kill('SIGKILL');
      running[fn] = exit.then(() => start(fn));
      await running[fn];
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}
