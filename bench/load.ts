import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { quantile } from './statistics.ts';

/** A request that is ready to be sent. */
export interface PreparedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  /** Of the time from a request's first byte to its answer's last, in milliseconds. */
  readonly p99Ms: number;
  /** From the first connection to the last answer, in milliseconds. */
  readonly elapsedMs: number;
  /** CPU of the process that makes the load, in milliseconds. */
  readonly ownCpuMs: number;
}

export interface LoadOptions {
  /** For example `http://127.0.0.1:4321`. */
  readonly origin: string;
  /** Each is sent once. */
  readonly requests: readonly PreparedRequest[];
  /** Kept open; each has one request on its way at a time. */
  readonly connections: number;
  /** What the body of a right answer holds. */
  readonly expected: string;
}

/** The parts of autocannon's interface that are used here. */
interface AutocannonOptions {
  url: string;
  connections: number;
  amount: number;
  timeout: number;
  bailout: number;
  sampleInt: number;
  setupClient(client: { setRequests(requests: PreparedRequest[]): void }): void;
  verifyBody(body: string): boolean;
}
type Autocannon = (
  options: AutocannonOptions,
  done: (error: Error | null, result: { errors: number; mismatches: number }) => void,
) => EventEmitter;

/** Seconds without an answer after which a request counts as failed. */
const ANSWER_WITHIN_SECONDS = 10;

/**
 * Sends every request once, over a few connections that are kept open, with autocannon.
 *
 * @throws Error unless every request got a 2xx answer with the expected body: a server that fails
 *   fast has not won anything
 */
export async function load({
  origin,
  requests,
  connections,
  expected,
}: LoadOptions): Promise<LoadResult> {
  const autocannon: Autocannon = createRequire(new URL('./peers/', import.meta.url))('autocannon');
  const shares = share(requests, connections);
  const latencies: number[] = [];
  let succeeded = 0;
  let lastAnswer = Number.NaN;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();

  const { errors, mismatches } = await new Promise<{ errors: number; mismatches: number }>(
    (resolve, reject) => {
      const tracker = autocannon(
        {
          url: origin,
          connections,
          amount: requests.length,
          timeout: ANSWER_WITHIN_SECONDS,
          bailout: 1,
          sampleInt: 20, // how often it looks whether it is done, in milliseconds
          setupClient: (client) => client.setRequests(shares.shift() ?? []),
          verifyBody: (body) => body.includes(expected),
        },
        (error, result) => (error ? reject(error) : resolve(result)),
      );
      tracker.on('response', (_client, status: number, _bytes: number, milliseconds: number) => {
        lastAnswer = performance.now();
        latencies.push(milliseconds);
        if (status >= 200 && status < 300) succeeded += 1;
      });
    },
  );

  const { user, system } = process.cpuUsage(cpuBefore);
  if (succeeded !== requests.length || errors > 0 || mismatches > 0)
    throw new Error(
      `${origin}: ${succeeded} of ${requests.length} answers were 2xx; ${mismatches} with a wrong body, ${errors} errors`,
    );
  const elapsedMs = lastAnswer - start;
  return {
    requestsPerSecond: requests.length / (elapsedMs / 1_000),
    p99Ms: quantile(latencies, 0.99),
    elapsedMs,
    ownCpuMs: (user + system) / 1_000,
  };
}

/** Deals the requests out: autocannon gives the first connections one more where it does not come out even. */
function share(requests: readonly PreparedRequest[], connections: number): PreparedRequest[][] {
  return Array.from({ length: connections }, (_, connection) =>
    requests.filter((_request, index) => index % connections === connection),
  );
}
