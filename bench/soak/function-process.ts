/**
 * One function behind node:http, in a process of its own that may be killed at any time. Run by stack.ts:
 *
 *   node bench/soak/function-process.ts BUNDLE FUNCTION
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpResponse } from '../../lib/http/response.ts';
import { timeouts } from '../../lib/shared/timeouts.ts';

/** The two parts of Lambda's context that the functions read. */
interface SoakContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}
type Handler = (event: APIGatewayProxyEventV2, context: SoakContext) => Promise<HttpResponse>;

const [bundle = '', name = ''] = process.argv.slice(2);
const handler: Handler = createRequire(import.meta.url)(bundle)[name];

const server = createServer(async (request, response) => {
  const end = Date.now() + timeouts.functionMs;
  const answer = await handler(toEvent(request), {
    awsRequestId: 'soak',
    getRemainingTimeInMillis: () => end - Date.now(),
  });
  response.writeHead(answer.statusCode, answer.headers).end(answer.body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// The soak is gone, however it ended.
process.on('disconnect', () => process.exit());
process.send?.((server.address() as AddressInfo).port);

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function toEvent({ method = '', url = '', headers }: IncomingMessage) {
  const { pathname, searchParams, search } = new URL(url, 'http://localhost');
  return {
    version: '2.0',
    routeKey: `${method} ${pathname}`,
    rawPath: pathname,
    rawQueryString: search.slice(1),
    queryStringParameters: Object.fromEntries(searchParams),
    headers: headers as Record<string, string>,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'soak',
      domainName: 'localhost',
      domainPrefix: 'soak',
      http: { method, path: pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
      requestId: 'soak',
      routeKey: `${method} ${pathname}`,
      stage: '$default',
      time: '',
      timeEpoch: Date.now(),
    },
    isBase64Encoded: false,
  } satisfies APIGatewayProxyEventV2;
}
