import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/**
 * The event of a request, in payload format 2.0.
 * @param url with its query string, if any
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function gatewayEvent(
  method: string,
  url: string,
  headers: Readonly<Record<string, string>>,
): APIGatewayProxyEventV2 {
  const { pathname: path, searchParams, search } = new URL(url, 'http://localhost');
  const userAgent = headers['user-agent'] ?? '';
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: search.slice(1),
    ...(search ? { queryStringParameters: Object.fromEntries(searchParams) } : {}),
    headers: { ...headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'bench',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent },
      requestId: 'gateway-request',
      routeKey: `${method} ${path}`,
      stage: '$default',
      time: '01/Jan/2026:00:00:00 +0000',
      timeEpoch: 1_767_225_600_000,
    },
    isBase64Encoded: false,
  };
}

/** The event of a logout. */
export function logoutEvent(token: string, query = ''): APIGatewayProxyEventV2 {
  return gatewayEvent('POST', `/api/v1/auth/logout${query}`, browserHeaders(token));
}

/** The event of a check by `/me`. */
export function meEvent(token: string): APIGatewayProxyEventV2 {
  return gatewayEvent('GET', '/api/v1/auth/me', browserHeaders(token));
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html */
export function authorizerEvent(token: string) {
  const { isBase64Encoded: _encoded, ...request } = meEvent(token);
  return {
    ...request,
    type: 'REQUEST',
    routeArn: 'arn:aws:execute-api:us-east-1:123456789012:api/$default/GET/orders',
    identitySource: [`Bearer ${token}`],
  };
}

/** The headers of a browser's request behind an HTTP API. */
function browserHeaders(token: string): Record<string, string> {
  return {
    accept: '*/*',
    'accept-encoding': 'gzip, deflate, br',
    authorization: `Bearer ${token}`,
    'content-length': '0',
    host: 'api.example.com',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'x-amzn-trace-id': 'Root=1-67891233-abcdef012345678912345678',
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  };
}
