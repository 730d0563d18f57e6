import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { quantile } from './measure.ts';

/** A request that is ready to be sent. */
export interface PreparedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Of the times from a request to the end of its answer, in milliseconds. */
  readonly p99Ms: number;
}

/** Kept open; each has one request on its way at a time. */
const CONNECTIONS = 8;
const ANSWER_WITHIN_MS = 10_000;

/**
 * Sends every request once over a few kept-alive connections.
 *
 * @param origin for example `http://127.0.0.1:4321`
 * @param expected text in the body of every right answer
 * @throws Error unless every answer is a 2xx with the expected text: a server that fails fast has not won
 */
export async function load(
  origin: string,
  requests: readonly PreparedRequest[],
  expected: string,
): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const queue = requests.values();
  const latencies: number[] = [];
  const connection = async () => {
    for (const each of queue) {
      const begun = performance.now();
      const { status, body } = await send(origin, each, agent);
      latencies.push(performance.now() - begun);
      if (status < 200 || status > 299 || !body.includes(expected))
        throw new Error(`${origin}${each.path} answered ${status}: ${body.slice(0, 300)}`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  const elapsedMs = performance.now() - start;
  agent.destroy();
  const requestsPerSecond = requests.length / (elapsedMs / 1_000);
  return { requestsPerSecond, p99Ms: quantile(latencies, 0.99) };
}

/** @throws Error for a connection that fails, or a server that is silent for 10 s */
export async function send(
  origin: string,
  { method, path, headers, body }: PreparedRequest,
  agent?: Agent,
): Promise<{ readonly status: number; readonly body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  request(origin + path, { method, headers, agent, signal }, resolve)
    .on('error', reject)
    .end(body);
  const response = await promise;
  return { status: response.statusCode ?? 0, body: await text(response) };
}
