import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** A response that both payload formats take. */
export type HttpResponse = APIGatewayProxyStructuredResultV2 & {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
};

/** On every answer: each depends on a session that may be gone a moment later. */
const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } as const;

/** Builds a JSON response; every response of the service, errors included, is made here. */
export function json(
  statusCode: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return { statusCode, headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) };
}

/** Builds the response of a request that has nothing to tell beyond its success. */
export function noContent(): HttpResponse {
  return { statusCode: 204, headers: { ...HEADERS }, body: '' };
}

/**
 * An answer that a request has earned, thrown to end it, in the shape that Middy's http-error-handler
 * turns into a response: the message is the body, FastAPI's `{"detail": ...}`.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Set whatever the status, so that http-error-handler never has to write to the error. */
  readonly expose = true;

  constructor(statusCode: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    const response = json(statusCode, { detail }, headers);
    super(response.body);
    this.statusCode = statusCode;
    this.headers = response.headers;
  }
}
