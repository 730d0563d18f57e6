import { createServer } from 'node:http';
import { listenOnLoopback } from '../support/loopback.ts';

const TIMEOUT_MS = 4_000;

/**
 * Serves the JWKS of another host on this machine. The service takes a JWKS by http from this machine only, and a
 * Compose service such as Keycloak has no https.
 *
 * @returns the URL for JWT_JWKS_URL
 */
export async function forwardJwks(url: string): Promise<string> {
  const server = createServer(async (_, response) => {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const body = await answer.text();
      response.writeHead(answer.status, { 'Content-Type': 'application/json' }).end(body);
    } catch (error) {
      response.writeHead(502).end(`LOCAL_JWKS_URL: ${error}`);
    }
  });
  server.unref();
  return `${(await listenOnLoopback(server)).url}/`;
}
