/**
 * Lambda handlers behind node:http, one event of payload format 2.0 a request: the thinnest fair HTTP front.
 * In a process of its own, which may be killed.
 *
 *   node bench/front.ts NAME logout=FILE#EXPORT me=FILE#EXPORT   serves these handlers, or one of them
 *   node bench/front.ts NAME                                     answers a constant: the cost of the front itself
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { HttpResponse } from '../lib/http/response.ts';
import { timeouts } from '../lib/shared/timeouts.ts';
import { handler as constant } from './bare/constant.ts';
import { gatewayEvent } from './gateway-event.ts';

/** The parts of Lambda's context that the functions read. */
type FrontContext = Pick<Context, 'awsRequestId' | 'functionName' | 'getRemainingTimeInMillis'>;
type Handler = (event: APIGatewayProxyEventV2, context: FrontContext) => Promise<HttpResponse>;

const require = createRequire(import.meta.url);
const [name, ...bundles] = process.argv.slice(2);
const handlers = new Map<string, Handler>(
  bundles.map((argument) => {
    const [, name = '', file = '', exported = ''] = /^(\w+)=(.*)#(\w+)$/.exec(argument) ?? [];
    return [name, require(file)[exported]];
  }),
);

const server = createServer(async (request, response) => {
  const { method = '', url = '', headers } = request;
  const endpoint = new URL(url, 'http://localhost').pathname.split('/').at(-1) ?? '';
  const handler = handlers.size === 0 ? constant : handlers.get(endpoint);
  if (!handler) throw new Error(`No function for ${method} ${url}`);
  const event = gatewayEvent(method, url, headers as Record<string, string>);
  const end = Date.now() + timeouts.functionMs;
  const body = method === 'POST' && headers['content-length'] !== '0' && (await text(request));
  const answer = await handler(body ? { ...event, body } : event, {
    awsRequestId: 'bench',
    functionName: 'bench',
    getRemainingTimeInMillis: () => end - Date.now(),
  });
  response.writeHead(answer.statusCode, answer.headers).end(answer.body);
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
// The parent is gone, however it ended.
process.on('disconnect', () => process.exit());
const { port } = server.address() as AddressInfo;
process.send?.({ port, name });
