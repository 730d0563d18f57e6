import { createServer, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { JWK } from 'jose';
import { listenOnLoopback } from '../../support/loopback.ts';

/** How the server answers. */
export type KeyServerBehaviour =
  /** 200 with the key set. */
  | 'keys'
  /** 200 and an HTML page, as a proxy's or a log-in page's. */
  | 'html'
  /** 200 and the key set after a byte order mark, as some editors save it. */
  | 'byte-order-mark'
  /** 200 and no body. */
  | 'empty'
  /** 200 and JSON that is no key set. */
  | 'no-key-set'
  /** 200 and the key set, padded with white space to the given number of bytes. */
  | { readonly padTo: number }
  /** 200 and JSON without end. */
  | 'endless'
  /** 302 to a second path, where the key set is. */
  | 'redirect'
  /** Takes the request and never answers. */
  | 'hang'
  /** Sends the headers and half of the key set, and then nothing. */
  | 'stall'
  /** Resets the connection. */
  | 'reset'
  /** 200 and the keys of the request's time, once a promise is resolved. */
  | { readonly after: Promise<void> }
  /** 200 and the keys, after a pause. */
  | { readonly delayMs: number }
  /** Any status, with the key set as the body. */
  | { readonly status: number };

/** A loopback server of a key set. */
export interface KeyServer {
  readonly url: string;
  /** Keys that it hands out from now on. */
  keys: readonly JWK[];
  behaviour: KeyServerBehaviour;
  /** How many requests have arrived, for any path. */
  readonly requests: number;
  /** Stops listening, so that connections are refused, or begins again on the same port. */
  listen(on: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts a JWKS endpoint on a free port of the loopback interface. */
export async function startKeyServer(keys: readonly JWK[] = []): Promise<KeyServer> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    answer(keyServer, request.url ?? '', response);
  });
  const port = await listenOnLoopback(server);
  const keyServer: KeyServer = {
    url: `${port.url}/jwks.json`,
    keys,
    behaviour: 'keys',
    get requests() {
      return requests;
    },
    listen: (on) => (on ? port.open() : port.shut()),
    close: port.close,
  };
  return keyServer;
}

function answer({ behaviour, keys, url }: KeyServer, path: string, response: ServerResponse): void {
  const body = JSON.stringify({ keys });
  const send = (status: number, text: string) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
  };
  if (typeof behaviour === 'object') {
    if ('padTo' in behaviour) send(200, body.padEnd(behaviour.padTo));
    else if ('after' in behaviour) behaviour.after.then(() => send(200, body));
    else if ('delayMs' in behaviour)
      pause(behaviour.delayMs, undefined, { ref: false }).then(() => send(200, body));
    else send(behaviour.status, body);
  } else {
    const answers: Record<typeof behaviour, () => void> = {
      keys: () => send(200, body),
      html: () => send(200, '<!doctype html><title>Sign in</title>'),
      'byte-order-mark': () => send(200, `\uFEFF${body}`),
      empty: () => send(200, ''),
      'no-key-set': () => send(200, '{"message":"ok"}'),
      endless: () => sendEndless(response),
      redirect: () => {
        if (path.endsWith('/elsewhere')) send(200, body);
        else response.writeHead(302, { Location: `${url}/elsewhere` }).end();
      },
      hang: () => {},
      stall: () => {
        response.writeHead(200).write(body.slice(0, body.length / 2));
      },
      reset: () => response.socket?.resetAndDestroy(),
    };
    answers[behaviour]();
  }
}

function sendEndless(response: ServerResponse): void {
  const chunk = `"${'x'.repeat(65_536)}",`;
  const more = () => {
    while (!response.destroyed && response.write(chunk)) {
      // until the socket is full; `drain` goes on
    }
  };
  response.writeHead(200, { 'Content-Type': 'application/json' }).write('{"keys":[');
  response.on('drain', more);
  more();
}
