/**
 * The thinnest fair HTTP front for Lambda handlers: node:http, one event of payload format 2.0 a
 * request, nothing else. Run by bench/contenders.ts, in a process of its own:
 *
 *   node bench/front.ts LOGOUT ME   serves these two bundles
 *   node bench/front.ts             answers a constant: what the front itself costs
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { HttpResponse } from '../lib/http/response.ts';
import { timeouts } from '../lib/shared/timeouts.ts';

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpResponse>;

const [logout, me] = process.argv.slice(2).map(bundled);
const routes: Readonly<Record<string, Handler>> = {
  'POST /api/v1/auth/logout': logout ?? constant,
  'GET /api/v1/auth/me': me ?? constant,
};

const server = createServer(async (request, response) => {
  const handler = routes[`${request.method} ${request.url}`];
  if (!handler) throw new Error(`No route for ${request.method} ${request.url}`);
  const { statusCode, headers, body } = await handler(toEvent(request), lambdaContext());
  response.writeHead(statusCode, headers).end(body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// The bench is gone, however it ended.
process.on('disconnect', () => process.exit());
const { port } = server.address() as AddressInfo;
process.send?.({ port, versions: [`node ${process.versions.node}`] });

function bundled(file: string): Handler {
  return createRequire(import.meta.url)(file).handler;
}

async function constant(): Promise<HttpResponse> {
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
    body: '{"message":"Successfully logged out"}',
  };
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
function toEvent({ method = '', url = '', headers, socket }: IncomingMessage) {
  return {
    version: '2.0',
    routeKey: `${method} ${url}`,
    rawPath: url,
    rawQueryString: '',
    headers: headers as Record<string, string>,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'bench',
      domainName: headers.host ?? '',
      domainPrefix: 'bench',
      http: {
        method,
        path: url,
        protocol: 'HTTP/1.1',
        sourceIp: socket.remoteAddress ?? '',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: 'bench',
      routeKey: `${method} ${url}`,
      stage: '$default',
      time: '',
      timeEpoch: Date.now(),
    },
    isBase64Encoded: false,
  } satisfies APIGatewayProxyEventV2;
}

function lambdaContext(): Context {
  const end = Date.now() + timeouts.functionMs;
  return {
    awsRequestId: 'bench',
    callbackWaitsForEmptyEventLoop: true,
    functionName: 'bench',
    functionVersion: '$LATEST',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:bench',
    logGroupName: '/aws/lambda/bench',
    logStreamName: 'bench',
    memoryLimitInMB: '512',
    getRemainingTimeInMillis: () => end - Date.now(),
    done: () => {},
    fail: () => {},
    succeed: () => {},
  };
}
