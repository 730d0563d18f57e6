import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DeleteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { readConfiguration } from '../../lib/auth/config.ts';
import { createIssuer } from '../../lib/auth/services.ts';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { revokeMany } from '../../lib/sessions/revoke-many.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import { verifyToken } from '../../lib/tokens/verify.ts';

/** How a service is wrong, the ways that others have been. */
export interface Mistakes {
  /** A session that was found alive is let in for as long without being looked for, in milliseconds. */
  readonly cacheMs?: number;
  /** `everywhere` deletes the rows that it sees, one by one, and writes no cutoff: a refresh gets away. */
  readonly deletesRowsOnly?: boolean;
  /** `others` ends the caller's own chain as well. */
  readonly keepsNobody?: boolean;
}

/** A login and logout service of a few lines, right but for its mistakes, on a free port. */
export async function startWrongService(
  store: SessionStore,
  { cacheMs = 0, deletesRowsOnly = false, keepsNobody = false }: Mistakes,
) {
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
    if (deletesRowsOnly && scope === 'everywhere') {
      await deleteRows(store, session.sub);
      return 200;
    }
    const ended = keepsNobody || scope === 'everywhere' ? 'everywhere' : 'others';
    return (await revokeMany(store, { session, cutoff: undefined }, ended)) ? 200 : 401;
  }

  const server = createServer((request, response) => {
    answer(request).then(
      (status) => response.writeHead(status).end(),
      (error: Error) => response.writeHead(500).end(error.stack),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function deleteRows({ client, table }: SessionStore, sub: string): Promise<void> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: '#sub = :sub',
      ExpressionAttributeNames: { '#sub': 'sub' },
      ExpressionAttributeValues: { ':sub': sub },
      ConsistentRead: true,
    }),
  );
  for (const { jti } of Items)
    await client.send(new DeleteCommand({ TableName: table, Key: { sub, jti } }));
}
