import { once } from 'node:events';
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { type Answer, type Exchange, type FaultName, faults } from './faults.ts';
import { listenOnLoopback } from './loopback.ts';

export type { FaultName } from './faults.ts';

/** Which requests a fault meets, and how. */
export interface FaultOptions {
  /** How many requests it meets before the wire is sound again; for ever by default. */
  readonly times?: number;
  /** The one operation that it meets, for example `DeleteItem`; any by default. */
  readonly operation?: string;
  /** How long `slow` waits, in milliseconds. */
  readonly ms?: number;
}

/** A request as it came over the wire. */
export interface WireRequest {
  /** For example `GetItem`. */
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** The fault that it met. */
  readonly fault: FaultName | 'none';
}

/** Stands on the wire between the SDK and a DynamoDB server. */
export interface FaultProxy {
  /** For AWS_ENDPOINT_URL_DYNAMODB. It stays the same, so that one client meets all the faults. */
  readonly endpoint: string;
  /** Lets requests meet a fault from now on, in place of the one before. */
  fault(name: FaultName | 'refused', options?: FaultOptions): Promise<void>;
  /** Makes the wire sound again and forgets the requests so far. */
  clear(): Promise<void>;
  /** The requests since the last `clear`, in the order of their arrival. */
  requests(): readonly WireRequest[];
  close(): Promise<void>;
}

/** Host names under `.invalid` never resolve (RFC 6761, section 6.4): the DNS fault. */
export const UNRESOLVABLE_ENDPOINT = 'http://dynamodb.invalid';

/** The TLS fault: https to a port that speaks plain HTTP. */
export function tlsFaultEndpoint(endpoint: string): string {
  return endpoint.replace(/^http:/, 'https:');
}

/**
 * Starts a proxy on a free port of the loopback interface. It forwards every byte unchanged until it
 * is told of a fault.
 *
 * @param store the DynamoDB server, for example `http://127.0.0.1:8000`
 */
export async function startFaultProxy(store: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  let current: ({ readonly name: FaultName; left: number } & FaultOptions) | undefined;
  let seen: WireRequest[] = [];

  const server = createServer(async (request, response) => {
    const target = request.headers['x-amz-target'];
    if (typeof target !== 'string') {
      // It is for whoever had this port before, and no request to a store.
      response.writeHead(404).end();
      return;
    }
    const body = await readAll(request).catch(() => undefined);
    if (!body) return; // Its sender gave up halfway.
    const operation = target.replace(/^.*\./, '');
    const name = faultFor(operation);
    seen.push({ operation, body: JSON.parse(body.toString()), fault: name ?? 'none' });
    const exchange: Exchange = {
      operation,
      body,
      ms: current?.ms ?? 0,
      forward: (changed = body) => forward(store, agent, request, changed),
      answer: (answer) => write(response, answer).end(answer.body),
      answerHalf: (answer) => {
        const half = answer.body.subarray(0, Math.ceil(answer.body.length / 2));
        return new Promise((resolve) => write(response, answer).write(half, () => resolve()));
      },
      reset: () => request.socket.resetAndDestroy(),
    };
    const meet = name ? faults[name] : faults.none;
    // A server that can't be reached is for the client to find out, as it would without the proxy.
    await meet(exchange).catch(() => request.socket.resetAndDestroy());
  });

  function faultFor(operation: string): FaultName | undefined {
    if (!current || current.left === 0) return undefined;
    const { name, operation: only = faultOperation(name) } = current;
    if (only !== undefined && only !== operation) return undefined;
    current.left -= 1;
    return name;
  }

  const port = await listenOnLoopback(server);

  async function clear(): Promise<void> {
    current = undefined;
    seen = [];
    await port.open();
  }

  return {
    endpoint: port.url,
    clear,
    fault: async (name, options = {}) => {
      if (name === 'refused') {
        // The operation of a connection that nobody accepted can't be told, nor can it be counted.
        if (options.times !== undefined || options.operation !== undefined)
          throw new RangeError('A refused connection is refused to any operation, until clear()');
        await port.shut();
        return;
      }
      await port.open();
      current = { name, ...options, left: options.times ?? Number.POSITIVE_INFINITY };
    },
    requests: () => [...seen],
    close: async () => {
      await port.close();
      agent.destroy();
    },
  };
}

/** Some faults exist in one operation only; the others pass them untouched. */
function faultOperation(name: FaultName): string | undefined {
  return name.startsWith('unprocessed-') ? 'BatchGetItem' : undefined;
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function forward(
  target: string,
  agent: Agent,
  request: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const outgoing = httpRequest(target, {
    agent,
    method: request.method,
    path: request.url,
    headers: withLength(request.rawHeaders, body),
  }).end(body);
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.rawHeaders,
    body: await readAll(incoming),
  };
}

function write(response: ServerResponse, { status, headers, body }: Answer): ServerResponse {
  return response.writeHead(status, withLength(headers, body));
}

/** Raw headers (name, value, name, value, ...) with the length of the body that goes with them. */
function withLength(rawHeaders: readonly string[], body: Buffer): string[] {
  const kept = rawHeaders.flatMap((name, index) =>
    index % 2 === 1 || /^(content-length|transfer-encoding)$/i.test(name)
      ? []
      : [name, rawHeaders[index + 1] ?? ''],
  );
  return [...kept, 'Content-Length', String(body.length)];
}
