import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { isObject } from '../../lib/shared/json.ts';
import { answer, answerJson, Refusal, readJson } from './answer.ts';
import { type Demo, deviceName, shownRows, signIn } from './demo-sessions.ts';
import { isFromElsewhere, isOwnHost } from './guard.ts';

const STYLES = ['base.css', 'controls.css', 'devices.css', 'lists.css'];
const SCRIPTS = [
  'main.js',
  'deletions.js',
  'devices.js',
  'element.js',
  'exchanges.js',
  'requests.js',
  'rows.js',
  'saved.js',
  'sentences.js',
];

/** What there is to be had as a file, by its path. */
const FILES: ReadonlyMap<string, string> = new Map([
  ['/', 'index.html'],
  ...[...STYLES, ...SCRIPTS, 'icon.svg'].map((name) => [`/console/${name}`, name] as const),
]);

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Puts the console in front of the local gateway, on the same server and so under the same origin as the
 * endpoints that it calls.
 *
 * It is no function of the service's: those can be invoked from any website through the Lambda port, whose
 * events say whatever their sender likes about the request, while the console hands out tokens and has to
 * see the request as it came. Nor can it be deployed, for the same reason.
 *
 * @param host what `--host` says
 */
export function putConsoleInFront(server: Server, demo: Demo, host: string): void {
  const listener = consoleListener(demo, host);
  const gateway = server.listeners('request');
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    if (isConsolePath(pathOf(request))) listener(request, response);
    else for (const each of gateway) each.call(server, request, response);
  });
}

function isConsolePath(path: string): boolean {
  return path === '/' || path === '/console' || path.startsWith('/console/');
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

/** The console as an HTTP server's listener: its page, `GET /console/rows` and `POST /console/sessions`. */
export function consoleListener(demo: Demo, host: string): RequestListener {
  const run = randomUUID();
  return (request, response) => {
    respond({ demo, host, run }, request, response).catch((error: unknown) => {
      if (error instanceof Refusal)
        answerJson(response, error.status, { detail: error.message }, error.headers);
      else answerJson(response, 500, { detail: `The console failed: ${error}` });
    });
  };
}

interface Console {
  readonly demo: Demo;
  readonly host: string;
  /** Names this start of the service, so that a page can tell it from an earlier one. */
  readonly run: string;
}

async function respond(
  { demo, host, run }: Console,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isOwnHost(request.headers.host, host))
    throw new Refusal(403, 'The console answers only under this machine’s own name');
  const path = pathOf(request);
  const file = FILES.get(path);
  if (file) {
    requireMethod(request, 'GET', 'HEAD');
    const type = TYPES[extname(file)] ?? 'application/octet-stream';
    answer(response, 200, type, await readFile(new URL(`page/${file}`, import.meta.url)));
  } else if (path === '/console/rows') {
    requireMethod(request, 'GET', 'HEAD');
    requireOwnPage(request);
    const { store, signer, sub, hasDocsPage } = demo;
    const shown = await shownRows(demo);
    answerJson(response, 200, {
      ...{ run, sub, table: store.table, hasDocsPage, canSign: signer !== undefined },
      ...shown,
    });
  } else if (path === '/console/sessions') {
    requireMethod(request, 'POST');
    requireOwnPage(request);
    answerJson(response, 201, await newSession(demo, await readJson(request)));
  } else throw new Refusal(404, 'The console has no such page');
}

async function newSession(demo: Demo, body: unknown): ReturnType<typeof signIn> {
  const device = isObject(body) ? deviceName(body.device) : null;
  if (device === null) throw new Refusal(422, 'A device’s name has 1 to 40 characters');
  if (!demo.signer)
    throw new Refusal(409, 'This service has only a public key, so the console cannot sign tokens');
  return signIn(demo, demo.signer, device);
}

function requireMethod({ method = '' }: IncomingMessage, ...allowed: readonly string[]): void {
  if (allowed.includes(method)) return;
  throw new Refusal(405, `This takes ${allowed.join(' and ')} only`, { Allow: allowed.join(', ') });
}

function requireOwnPage({ headers }: IncomingMessage): void {
  if (isFromElsewhere(headers)) throw new Refusal(403, 'Only the console’s own page may ask this');
}
