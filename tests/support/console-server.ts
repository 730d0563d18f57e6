import { request as httpRequest, type RequestOptions } from 'node:http';
import type { Demo } from '../../local/console/demo-sessions.ts';
import { startConsoleFront } from './console-front.ts';
import { testSigner } from './signing.ts';
import { openTestStore, type TestStore } from './store.ts';

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** The console in front of a gateway that says what it was asked, on a store of its own. */
export interface ConsoleServer {
  readonly store: TestStore;
  readonly port: number;
  /** What it works with, which a test may change. */
  readonly demo: { -readonly [Name in keyof Demo]: Demo[Name] };
  /** Sends a request, with no header but those given. */
  call(
    method: string,
    path: string,
    headers?: Readonly<Record<string, string>>,
    body?: string,
  ): Promise<Answer>;
  signIn(device: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** What `GET /console/rows` answers. */
  rows(): ReturnType<typeof JSON.parse>;
  close(): Promise<void>;
}

export const JSON_TYPE = { 'Content-Type': 'application/json' };

export async function startConsole(): Promise<ConsoleServer> {
  const store = await openTestStore();
  const demo: ConsoleServer['demo'] = {
    store,
    signer: testSigner,
    sub: 'alice',
  };
  const front = await startConsoleFront((request, response) => {
    response.end(`gateway: ${request.method} ${request.url}`);
  }, demo);
  const { port } = front;
  const call: ConsoleServer['call'] = (method, path, headers = {}, body) =>
    send(port, { method, path, headers }, body);
  return {
    ...{ store, port, demo, call },
    signIn: (device, headers = JSON_TYPE) =>
      call('POST', '/console/sessions', headers, JSON.stringify({ device })),
    rows: async () => JSON.parse((await call('GET', '/console/rows')).body),
    close: async () => {
      front.close();
      await store.close();
    },
  };
}

/** With `node:http`, as fetch sets Host and Origin by itself. */
function send(port: number, options: RequestOptions, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: 'localhost', port, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      );
    });
    request.on('error', reject).end(body);
  });
}
