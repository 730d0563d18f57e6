import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { BearerMiss } from './bearer.ts';

/** A response valid in both payload formats. */
export type HttpResponse = APIGatewayProxyStructuredResultV2 & {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
};

type Headers = Readonly<Record<string, string>>;

/** Sent with every response, as each depends on a session that may end a moment later. */
const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' } as const;

/** Builds a JSON response. All responses of the service, errors included, are built in this file. */
export function json(statusCode: number, body: unknown, headers: Headers = {}): HttpResponse {
  return { statusCode, headers: { ...HEADERS, ...headers }, body: JSON.stringify(body) };
}

/** Builds an error response of OAuth endpoints (RFC 6749, section 5.2). */
export function oauthError(
  statusCode: number,
  error: string,
  error_description: string,
  headers: Headers = {},
): HttpResponse {
  return json(statusCode, { error, error_description }, headers);
}

/** Builds a 204 response. */
export function noContent(): HttpResponse {
  return { statusCode: 204, headers: { ...HEADERS }, body: '' };
}

/** Why a request has no caller. */
export type Denial = BearerMiss | 'invalid_token';

/** Builds the response for a request without a caller. The reason goes to the log, not to the client. */
export function denied(denial: Denial): HttpResponse {
  if (denial === 'no_credentials') return json(403, { detail: 'Not authenticated' });
  if (denial === 'other_scheme') return json(403, { detail: 'Invalid authentication credentials' });
  return json(401, { detail: 'Could not validate credentials' }, INVALID_TOKEN);
}

/** RFC 6750, section 3.1. */
const INVALID_TOKEN = { 'WWW-Authenticate': 'Bearer error="invalid_token"' };

/**
 * An HTTP error that ends a request, such as 404 or 422, thrown for Middy's http-error-handler. The
 * handler copies `message` into the body, so `message` is the JSON body: `{"detail": …}`.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly statusCode: number;
  readonly headers: Headers;
  /** Always set, so that http-error-handler never writes to the error. */
  readonly expose = true;

  constructor(statusCode: number, detail: string, headers: Headers = {}) {
    const response = json(statusCode, { detail }, headers);
    super(response.body);
    this.statusCode = statusCode;
    this.headers = response.headers;
  }
}
