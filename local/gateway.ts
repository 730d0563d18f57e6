import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Framework } from '../infra/plugin.ts';

/** What serverless-offline lets others see of itself. */
interface Offline {
  internals(): { getApiGatewayServer(): { readonly listener: Server } };
}

/**
 * Finds the HTTP server of a local gateway that is listening.
 *
 * @throws Error where serverless-offline does not show it any more
 */
export function gatewayOf({ pluginManager }: Pick<Framework, 'pluginManager'>): Server {
  const offline = pluginManager.getPlugins().find(isOffline);
  if (!offline) throw new Error('No plugin here is serverless-offline as it used to be');
  return offline.internals().getApiGatewayServer().listener;
}

function isOffline(plugin: object): plugin is Offline {
  return 'internals' in plugin && typeof plugin.internals === 'function';
}

/** Puts a listener before those of a server; the listener calls `pass` for requests that are not its own. */
export function putInFront(
  server: Server,
  listener: (...args: [...Parameters<RequestListener>, pass: () => void]) => void,
): void {
  const behind = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) =>
    listener(request, response, () => {
      for (const each of behind) each.call(server, request, response);
    }),
  );
}

/**
 * Has a local gateway answer as an HTTP API on AWS does where serverless-offline differs: a trailing slash, HEAD
 * and unknown routes are 404 with API Gateway's own body, repeated headers are joined by commas, and an origin that
 * is not allowed gets no CORS headers. Prints one line a request.
 *
 * @param routes such as `DELETE /api/v1/auth/sessions/{id}`
 */
export function answerAsOnAws(
  server: Server,
  routes: readonly string[],
  origins: readonly string[],
): void {
  const patterns = routes.map((route) => new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`));
  putInFront(server, (request, response, pass) => {
    const { method = '', url = '' } = request;
    const path = url.split('?', 1)[0] ?? '';
    const began = performance.now();
    response.once('finish', () => {
      const id = response.getHeader('x-error-id');
      const found = id ? `, npm run find-error -- ${id}` : '';
      const ms = Math.round(performance.now() - began);
      process.stdout.write(`${method} ${path} ${response.statusCode}, ${ms} ms${found}\n`);
    });
    joinRepeatedHeaders(request);
    const { origin = '*' } = request.headers;
    if (!origins.includes('*') && !origins.includes(origin)) leaveOutCors(response);
    // A preflight is the gateway's to answer, whatever the path.
    if (method === 'OPTIONS' || patterns.some((pattern) => pattern.test(`${method} ${path}`)))
      pass();
    else
      response
        .writeHead(404, { 'Content-Type': 'application/json' })
        .end(method === 'HEAD' ? undefined : '{"message":"Not Found"}');
  });
}

/** serverless-offline names any origin in the answers to all but preflights. */
function leaveOutCors(response: ServerResponse): void {
  const { setHeader } = response;
  response.setHeader = (name, value) =>
    name.startsWith('access-control-') ? response : setHeader.call(response, name, value);
}

/** Of several Authorization headers Node keeps the first, and serverless-offline the last. */
function joinRepeatedHeaders({ headers, rawHeaders }: IncomingMessage): void {
  const joined = new Map<string, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2);
    const before = joined.get(name.toLowerCase());
    joined.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
  }
  rawHeaders.splice(0, rawHeaders.length, ...[...joined].flat());
  if (headers.authorization !== undefined) headers.authorization = joined.get('authorization');
}
