/** A request as a test describes it. */
export interface TestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a bearer token. */
  readonly token?: string | undefined;
  /** Several values under a name are a repeated parameter. */
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** The `{id}` of the route. */
  readonly id?: string;
  /** HTTP APIs hand over base64, REST APIs text. */
  readonly body?: string;
}

type Event = Record<string, unknown>;

/** An event of payload format 2.0, as an HTTP API or a function URL sends it: repeated parameters joined. */
export function eventV2(request: TestRequest = {}): Event {
  const { method, path, headers, query, pathParameters } = described(request);
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: '',
    headers,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.com',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' },
      requestId: 'gateway-request',
      routeKey: `${method} ${path}`,
      stage: '$default',
    },
    isBase64Encoded: request.body !== undefined,
    ...(request.body !== undefined && { body: Buffer.from(request.body).toString('base64') }),
    ...(query && { queryStringParameters: mapped(query, (values) => values.join()) }),
    ...(pathParameters && { pathParameters }),
  };
}

/** An event of payload format 1.0, as a REST API sends it: every value in one map, the last in the other. */
export function eventV1(request: TestRequest = {}): Event {
  const { method, path, headers, query, pathParameters } = described(request);
  return {
    resource: path,
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: mapped(headers, (value) => [value]),
    queryStringParameters: query ? mapped(query, (values) => values.at(-1)) : null,
    multiValueQueryStringParameters: query ?? null,
    pathParameters: pathParameters ?? null,
    stageVariables: null,
    body: request.body ?? null,
    isBase64Encoded: false,
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      httpMethod: method,
      identity: { sourceIp: '192.0.2.1', user: null, userAgent: 'test' },
      path,
      requestId: 'gateway-request',
      resourcePath: path,
      stage: 'test',
    },
  };
}

/** Both payload formats, for `describe.each`. */
export const FORMATS = [
  ['2.0', eventV2],
  ['1.0', eventV1],
] as const;

function described({ method = 'POST', path = '/api/v1/auth/logout', ...rest }: TestRequest) {
  const { headers = {}, token, query = {}, id } = rest;
  return {
    method,
    path,
    headers: { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
    query: Object.keys(query).length > 0 ? mapped(query, (value) => [value].flat()) : undefined,
    pathParameters: id === undefined ? undefined : { id },
  };
}

function mapped<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
