import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';

/** An HTTP request, the same for both payload formats. */
export interface HttpRequest {
  /** Lambda's request id, as in the function's platform log. */
  readonly requestId: string | undefined;
  /** The route, such as `DELETE /sessions/{id}`; unlike the path without any client input. */
  readonly route: string;
  readonly method: string;
  readonly path: string;
  /** The client's address; undefined where the gateway gives none. */
  readonly ip: string | undefined;
  /** A header by its lower-case name; repeated values are joined by commas (RFC 9110, section 5.3). */
  header(name: string): string | undefined;
  /** A query parameter; repeated values are joined by commas, as HTTP APIs do. */
  query(name: string): string | undefined;
  /** A path parameter by its name in the route. */
  pathParameter(name: string): string | undefined;
  /** The body as text; HTTP APIs hand forms over in base64. */
  body(): string;
}

/**
 * Narrows an event of payload format 2.0 (HTTP API, function URL) or 1.0 (REST API, HTTP API). Never
 * throws: any other value becomes a request without method, path and headers, which the error payload
 * needs.
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
    ip:
      text(v2?.requestContext?.http?.sourceIp ?? v1?.requestContext?.identity?.sourceIp) ||
      undefined,
    // In format 1.0 `headers` holds only the last value of a repeated header.
    header: (name) =>
      values(v1?.multiValueHeaders, name, lowerCase) ?? values(v2?.headers, name, lowerCase),
    query: (name) =>
      values(v1?.multiValueQueryStringParameters, name) ?? values(v2?.queryStringParameters, name),
    pathParameter: (name) => values(v2?.pathParameters, name),
    body: () =>
      Buffer.from(text(v2?.body), v2?.isBase64Encoded ? 'base64' : 'utf8').toString('utf8'),
  };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Header names compare without case (RFC 9110, section 5.1). */
const lowerCase = (name: string) => name.toLowerCase();

/** Joins the strings under a name; an entry is a string or an array of strings. */
function values(entries: unknown, wanted: string, fold = (name: string) => name) {
  if (typeof entries !== 'object' || entries === null) return undefined;
  const found = Object.entries(entries)
    .filter(([name]) => fold(name) === wanted)
    .flatMap(([, value]: [string, unknown]) => value)
    .filter((value) => typeof value === 'string');
  return found.length === 0 ? undefined : found.join(',');
}
