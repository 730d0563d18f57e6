import { once } from 'node:events';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import type { Signer } from '../../lib/login/issue.ts';
import { bundleFunctions } from '../../support/bundle-functions.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { noRetryClient } from '../../support/no-retry-client.ts';
import { stop } from '../../support/processes.ts';
import { send } from '../load.ts';
import { startServer } from '../server.ts';
import { openBenchStore } from '../store.ts';

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
  const { path } = started.use(mkdtempDisposableSync(join(tmpdir(), 'soak-')));
  const bundle = join(path, 'functions.cjs');
  writeFileSync(bundle, await bundleFunctions());

  const { variables: sound, signer } = started.use(await openBenchStore());
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = '', SESSIONS_TABLE: table = '' } = sound;
  const direct: SessionStore = { client: noRetryClient(endpoint), table };
  started.defer(() => direct.client.destroy());
  const proxy = await startFaultProxy(endpoint);
  started.defer(() => proxy.close());
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint;
  const proxied = openSessionStore(table);
  started.defer(() => proxied.client.destroy());
  const variables = { ...sound, AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint };
  const front = fileURLToPath(new URL('../front.ts', import.meta.url));
  const start = (fn: SoakFunction) =>
    startServer(process.execPath, [front, fn, `${fn}=${bundle}#${fn}`], variables);
  const running = { logout: start('logout'), me: start('me') };
  started.defer(async () => {
    for (const each of Object.values(running)) await stop((await each).process);
  });
  await Promise.all(Object.values(running));

  const all = started.move();
  return {
    ...{ direct, proxied, proxy, signer },
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
