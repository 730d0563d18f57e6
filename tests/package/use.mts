// A stranger's login service and API (package.test.ts): prints the statuses of requests, by secret and by JWKS.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { issueSession, refreshSession, revokeAll, type Signer } from 'true-logout/issue';
import { requireSession, type SessionOptions } from 'true-logout/middy';
import { openSessionStore } from 'true-logout/store';

async function statusesOf(signer: Signer, options: SessionOptions): Promise<string> {
  const store = openSessionStore(process.env.SESSIONS_TABLE ?? '');
  // Middy has no CommonJS, and Lambda keeps `require` from loading ES modules.
  const { default: middy } = await import('@middy/core');
  const api = middy()
    .use(requireSession(options))
    .handler(async (_, { caller }) => ({
      statusCode: 200,
      body: caller.session.sub.toUpperCase(),
    }));
  const statuses: number[] = [];
  const request = async (token = '') => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await api({ version: '2.0', headers } as never, {} as never);
    statuses.push(answer.statusCode);
  };

  const first = await issueSession(store, signer, { sub: 'zoe', ttlSeconds: 600, maxSessions: 5 });
  await request(first.token);
  const second = await refreshSession(store, signer, first.session, { ttlSeconds: 600 });
  await request(first.token);
  await request(second?.token);
  await revokeAll(store, first.session.sub);
  await request(second?.token);
  return statuses.join(' ');
}

async function main(): Promise<void> {
  const secret = new TextEncoder().encode(process.env.JWT_SECRET);
  const bySecret = await statusesOf({ key: secret, algorithm: 'HS256' }, { idleTimeout: 3_600 });

  delete process.env.JWT_SECRET;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256' }];
  const server = createServer((_, response) => response.end(JSON.stringify({ keys })));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const jwtJwksUrl = `http://127.0.0.1:${Object(server.address()).port}/`;
  const byKeys = await statusesOf({ key: privateKey, algorithm: 'ES256' }, { jwtJwksUrl });
  server.closeAllConnections();
  server.close();
  process.stdout.write(`statuses ${bySecret}, ${byKeys}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
