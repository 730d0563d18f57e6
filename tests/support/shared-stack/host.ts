import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { buffer, json } from 'node:stream/consumers';
import { startEmbeddedDynamoDb } from '../../../support/embedded-dynamodb.ts';
import { startOfflineService } from '../../../support/offline-service.ts';
import { CLIENT, clientsOf, ODD_CLIENT } from '../oauth.ts';

/** The local run that the end-to-end files share. */
export interface StackDescription {
  /** For example `http://localhost:41234`. */
  readonly url: string;
  readonly port: number;
  readonly lambdaUrl: string;
  /** Printed by the start. */
  readonly started: string;
  /** The DynamoDB endpoint, without any fault proxy. */
  readonly store: string;
}

/** Requests to DynamoDB whose body holds the mark go to the endpoint, which is a file's own fault proxy. */
export interface Route {
  readonly mark: string;
  readonly endpoint: string;
}

let stop: (() => Promise<void>) | undefined;

/**
 * Jest's globalSetup. Has all that tests start use Node's compile cache, and starts nothing but a server, whose URL
 * the test files find in SHARED_STACK:
 *
 * - `GET /stack` answers a {@link StackDescription}; the first request starts the local run.
 * - `PUT /routes` adds a {@link Route}.
 * - Anything with X-Amz-Target is a request of the local run to DynamoDB, and is passed on.
 */
export default async function startHost(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'node-compile-cache'); // Node's own default
  const started = new AsyncDisposableStack();
  const routes: Route[] = [];
  const agent = new Agent({ keepAlive: true });
  let store: string | undefined;
  let stack: Promise<StackDescription> | undefined;
  const server = createServer(async (request, response) => {
    if (request.headers['x-amz-target'] !== undefined && store !== undefined) {
      const body = await buffer(request);
      const own = routes.find(({ mark }) => body.includes(mark));
      // A fault proxy goes with its file, and its connections with it.
      passOn(request, body, own ?? { endpoint: store, agent }, response);
    } else if (request.url === '/routes') {
      routes.push((await json(request)) as Route);
      response.end();
    } else {
      stack ??= startStack();
      const described = await stack.catch((error: unknown) => ({ failed: `${error}` }));
      response.writeHead('failed' in described ? 500 : 200).end(JSON.stringify(described));
    }
  });

  async function startStack(): Promise<StackDescription> {
    const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
    const embedded = given ? undefined : await startEmbeddedDynamoDb();
    if (embedded) started.defer(embedded.stop);
    store = given ?? embedded?.endpoint ?? '';
    const service = await startOfflineService({
      AWS_ENDPOINT_URL_DYNAMODB: urlOf(server),
      OAUTH_CLIENTS: clientsOf(CLIENT, ODD_CLIENT),
    });
    started.defer(async () => void (await service.stop()));
    const { url, port, lambdaUrl } = service;
    return { url, port, lambdaUrl, started: service.output(), store };
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  started.defer(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  process.env.SHARED_STACK = urlOf(server);
  stop = () => started.disposeAsync();
}

/** For Jest's globalTeardown. */
export async function stopHost(): Promise<void> {
  await stop?.();
}

/** A connection that breaks on one side breaks on the other. */
function passOn(
  { method, url, headers, socket }: IncomingMessage,
  body: Buffer,
  { endpoint, agent }: { readonly endpoint: string; readonly agent?: Agent },
  response: ServerResponse,
): void {
  const onward = httpRequest(
    new URL(url ?? '/', endpoint),
    { method, headers, agent },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, response, () => {});
    },
  );
  onward.once('error', () => socket.resetAndDestroy());
  response.once('close', () => onward.destroy());
  onward.end(body);
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
