import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { PATH_PREFIX } from '../../lib/openapi/path-prefix.ts';
import { isObject } from '../../lib/shared/json.ts';
import { putInFront } from '../gateway.ts';
import { answer, answerJson, Refusal, readJson } from './answer.ts';
import {
  type Demo,
  deviceName,
  isLimit,
  type SignedIn,
  shownRows,
  signIn,
} from './demo-sessions.ts';
import { isFromElsewhere, isOwnHost } from './guard.ts';

/** Folder of the two pages: the console, and Swagger UI. */
const PAGES = new URL('page/', import.meta.url);

const SWAGGER_UI = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'));

/** Every file that is served, by its path; no file name is made from a request. */
const FILES: ReadonlyMap<string, URL> = new Map([
  ['/', new URL('index.html', PAGES)],
  ['/docs', new URL('docs.html', PAGES)],
  ...readdirSync(PAGES).map((name) => [`/console/${name}`, new URL(name, PAGES)] as const),
  ...['swagger-ui.css', 'swagger-ui-bundle.js'].map(
    (name) => [`/docs/${name}`, new URL(name, SWAGGER_UI)] as const,
  ),
]);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Puts the console and the page /docs in front of the local gateway: on the same server, and so under the
 * same origin as the endpoints.
 *
 * Neither is a function of the service. The Lambda port invokes functions with any event, from any website,
 * while the console signs tokens and must see the real request. Nor can either be deployed.
 *
 * @param host the option `--host`
 */
export function putConsoleInFront(server: Server, demo: Demo, host: string): void {
  const listener = consoleListener(demo, host);
  putInFront(server, (request, response, pass) => {
    if (isOwnPath(pathOf(request))) listener(request, response);
    else pass();
  });
}

function isOwnPath(path: string): boolean {
  return path === '/' || /^\/(console|docs)(\/|$)/.test(path);
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function consoleListener(demo: Demo, host: string): RequestListener {
  // Names this start of the service, so that a page can tell it from an earlier one.
  const run = randomUUID();
  return async (request, response) => {
    try {
      if (!isOwnHost(request.headers.host, host))
        throw new Refusal(403, 'The console answers only under this machine’s own name');
      await respond(demo, run, request, response);
    } catch (error) {
      if (error instanceof Refusal)
        answerJson(response, error.status, { detail: error.message }, error.headers);
      else answerJson(response, 500, { detail: `The console failed: ${error}` });
    }
  };
}

async function respond(
  demo: Demo,
  run: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = pathOf(request);
  const file = FILES.get(path);
  if (file) {
    requireMethod(request, 'GET', 'HEAD');
    const type = TYPES[extname(file.pathname)] ?? 'application/octet-stream';
    const text = await readFile(file);
    const { prefix = PATH_PREFIX } = demo;
    const isMoved = path === '/console/devices.js' && prefix !== PATH_PREFIX;
    answer(response, 200, type, isMoved ? text.toString().replace(PATH_PREFIX, prefix) : text);
  } else if (path === '/console/rows') {
    requireMethod(request, 'GET', 'HEAD');
    requireOwnPage(request);
    const { store, signer, sub, adopted = false } = demo;
    const facts = { run, sub, table: store.table, canSign: signer !== undefined, adopted };
    // The page's clock may be another one.
    const idle = store.idleMs === undefined ? {} : { idleMs: store.idleMs, nowMs: Date.now() };
    answerJson(response, 200, { ...facts, ...idle, ...(await shownRows(demo)) });
  } else if (path === '/console/sessions') {
    requireMethod(request, 'POST');
    requireOwnPage(request);
    answerJson(response, 201, await newSession(demo, await readJson(request)));
  } else throw new Refusal(404, 'The console has no such page');
}

async function newSession(demo: Demo, body: unknown): Promise<SignedIn> {
  const { device: name, limit } = isObject(body) ? body : {};
  const device = deviceName(name);
  if (device === null) throw new Refusal(422, 'A device’s name has 1 to 40 characters');
  if (!isLimit(limit)) throw new Refusal(422, 'A limit is a whole number from 1');
  if (!demo.signer)
    throw new Refusal(409, 'This service has only a public key, so the console cannot sign tokens');
  return signIn(demo, demo.signer, device, limit);
}

function requireMethod({ method = '' }: IncomingMessage, ...allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  throw new Refusal(405, `This takes ${allowed.join(' and ')} only`, { Allow: allowed.join(', ') });
}

function requireOwnPage({ headers }: IncomingMessage): void {
  if (isFromElsewhere(headers)) throw new Refusal(403, 'Only the console’s own page may ask this');
}
