import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
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
  /** From a request's first byte to its answer's last, in milliseconds. */
  readonly p99Ms: number;
  /** From the first connection to the last answer, in milliseconds. */
  readonly elapsedMs: number;
}

export interface LoadOptions {
  /** For example `http://127.0.0.1:4321`. */
  readonly origin: string;
  /** Each is sent once. */
  readonly requests: readonly PreparedRequest[];
  /** A text in the body of every right answer. */
  readonly expected: string;
}

/** The part of autocannon's interface that is used here. */
type Autocannon = (
  options: Readonly<Record<string, unknown>>,
  done: (error: Error | null, result: { errors: number; mismatches: number }) => void,
) => EventEmitter;

/** Kept open; each has one request on its way at a time. */
const CONNECTIONS = 8;
/** Seconds without an answer after which a request has failed. */
const ANSWER_WITHIN_SECONDS = 10;

/**
 * Sends every request once over a few kept-alive connections, with autocannon.
 *
 * @throws Error unless every answer is a 2xx with the expected body: a server that fails fast has not won
 */
export async function load({ origin, requests, expected }: LoadOptions): Promise<LoadResult> {
  const autocannon: Autocannon = createRequire(new URL('./peers/', import.meta.url))('autocannon');
  // autocannon gives the first connections one request more where the number does not divide.
  const shares = Array.from({ length: CONNECTIONS }, (_, connection) =>
    requests.filter((_request, index) => index % CONNECTIONS === connection),
  );
  const latencies: number[] = [];
  let succeeded = 0;
  let lastAnswer = NaN;
  const start = performance.now();
  const options = {
    url: origin,
    connections: CONNECTIONS,
    amount: requests.length,
    timeout: ANSWER_WITHIN_SECONDS,
    bailout: 1,
    sampleInt: 20, // how often autocannon looks whether it is done, in milliseconds
    setupClient: (client: { setRequests(requests: PreparedRequest[]): void }) =>
      client.setRequests(shares.shift() ?? []),
    verifyBody: (body: string) => body.includes(expected),
  };
  const { promise, resolve, reject } = Promise.withResolvers<{
    errors: number;
    mismatches: number;
  }>();
  autocannon(options, (error, result) => (error ? reject(error) : resolve(result))).on(
    'response',
    (_client, status: number, _bytes: number, milliseconds: number) => {
      lastAnswer = performance.now();
      latencies.push(milliseconds);
      if (status >= 200 && status < 300) succeeded += 1;
    },
  );
  const { errors, mismatches } = await promise;
  if (succeeded !== requests.length || errors > 0 || mismatches > 0)
    throw new Error(
      `${origin}: ${succeeded} of ${requests.length} answers were 2xx; ${mismatches} with a wrong body, ${errors} errors`,
    );
  const elapsedMs = lastAnswer - start;
  const requestsPerSecond = requests.length / (elapsedMs / 1_000);
  return { requestsPerSecond, p99Ms: quantile(latencies, 0.99), elapsedMs };
}
