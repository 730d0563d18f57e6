import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** An API Gateway event of either payload format, or one that is neither. */
export type HttpEvent = APIGatewayProxyEventV2 | APIGatewayProxyEvent;

/** What a handler needs to know of an HTTP request, the same for both payload formats. */
export interface HttpRequest {
  /** Lambda's id of the invocation, as it stands in the function's platform log. */
  readonly requestId: string | undefined;
  /** The route, which unlike the path holds nothing of the client's: `DELETE /sessions/{id}`. */
  readonly route: string;
  readonly method: string;
  readonly path: string;
  /** Values of a header, joined by commas where it is repeated (RFC 9110, section 5.3). Name in lower case. */
  header(name: string): string | undefined;
  /** Values of a query parameter, joined by commas where it is repeated, as HTTP APIs do it. */
  query(name: string): string | undefined;
  /** A part of the path, as the route names it. */
  pathParameter(name: string): string | undefined;
}

/**
 * Narrows an event of payload format 2.0 (HTTP API, function URL) or 1.0 (REST API, HTTP API).
 * Anything else is a request without a method, a path or headers: it never throws, as the error payload
 * needs a path and a method for any event at all.
 */
export function parseRequest(event: unknown, requestId?: string): HttpRequest {
  const v2 = event as Partial<APIGatewayProxyEventV2> | null | undefined;
  const v1 = event as Partial<APIGatewayProxyEvent> | null | undefined;
  const method = text(v2?.requestContext?.http?.method ?? v1?.httpMethod);
  return {
    requestId,
    route: text(v2?.routeKey ?? (v1?.resource && `${method} ${v1.resource}`)),
    method,
    path: text(v2?.rawPath ?? v1?.path),
    // Format 1.0 has every value in multiValueHeaders and only the last in headers.
    header: (name) => headerValue(v1?.multiValueHeaders, name) ?? headerValue(v2?.headers, name),
    query: (name) =>
      values(v1?.multiValueQueryStringParameters, (candidate) => candidate === name) ??
      values(v2?.queryStringParameters, (candidate) => candidate === name),
    pathParameter: (name) => values(v2?.pathParameters, (candidate) => candidate === name),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Header names compare without case (RFC 9110, section 5.1). */
function headerValue(headers: unknown, lowerCaseName: string): string | undefined {
  return values(headers, (name) => name.toLowerCase() === lowerCaseName);
}

/** The strings under a name, each entry being one or an array of them. */
function values(entries: unknown, isWanted: (name: string) => boolean): string | undefined {
  if (typeof entries !== 'object' || entries === null) return undefined;
  const found = Object.entries(entries)
    .filter(([name]) => isWanted(name))
    .flatMap(([, value]: [string, unknown]) => value)
    .filter((value) => typeof value === 'string');
  return found.length === 0 ? undefined : found.join(',');
}
