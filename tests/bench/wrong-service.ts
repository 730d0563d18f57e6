import { createServer, type IncomingMessage } from 'node:http';
import { readConfiguration } from '../../lib/auth/config.ts';
import { createIssuer } from '../../lib/auth/services.ts';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { verifyToken } from '../../lib/tokens/verify.ts';
import { listenOnLoopback } from '../../support/loopback.ts';

/**
 * A login and logout service of a few lines, on a free port. With a cache it is wrong, in the way that others
 * have been: a session that was found alive is let in without being looked for.
 *
 * @param cacheMs for how long, in milliseconds; 0 for a right service
 */
export async function startWrongService(store: SessionStore, cacheMs: number) {
  const issuers = readConfiguration().issuers.map((issuer) => createIssuer(issuer, store));
  const foundAlive = new Map<string, number>();

  async function answer({ method, url = '', headers }: IncomingMessage): Promise<200 | 401> {
    const token = headers.authorization?.slice('Bearer '.length) ?? '';
    const scope = new URL(url, 'http://localhost').searchParams.get('scope') ?? 'this';
    const verification = await verifyToken(token, issuers);
    if (verification.status !== 'verified') return 401;
    if (method === 'POST' && scope === 'this') {
      await endSession(store, verification.session);
      return 200;
    }
    if (method === 'GET' && Date.now() - (foundAlive.get(token) ?? 0) < cacheMs) return 200;
    const session = await findSession(store, verification.session);
    if (!session) return 401;
    foundAlive.set(token, Date.now());
    if (method === 'GET') return 200;
    const many = scope === 'everywhere' ? 'everywhere' : 'others';
    return (await revokeMany(store, { session, cutoff: undefined }, many)) ? 200 : 401;
  }

  return listenOnLoopback(
    createServer((request, response) => {
      answer(request).then(
        (status) => response.writeHead(status).end(),
        (error: Error) => response.writeHead(500).end(error.stack),
      );
    }),
  );
}
