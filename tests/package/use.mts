// A stranger's login service and API (package.test.ts): prints the statuses of four requests.
import { issueSession, refreshSession, revokeAll } from 'true-logout/issue';
import { requireSession } from 'true-logout/middy';
import { openSessionStore } from 'true-logout/store';

async function main() {
  const store = openSessionStore(process.env.SESSIONS_TABLE ?? '');
  const signer = { key: new TextEncoder().encode(process.env.JWT_SECRET), algorithm: 'HS256' };
  // Middy has no CommonJS, whose `require` Lambda keeps from loading ES modules.
  const { default: middy } = await import('@middy/core');
  const api = middy()
    .use(requireSession({ idleTimeout: 3_600 }))
    .handler(async (_, { caller }) => ({
      statusCode: 200,
      body: caller.session.sub.toUpperCase(),
    }));
  const statuses: unknown[] = [];
  const request = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await api({ version: '2.0', headers } as never, {} as never);
    statuses.push(answer.statusCode);
  };

  const { token, session } = await issueSession(store, signer, { sub: 'zoe', ttlSeconds: 600 });
  await request(token);
  const refreshed = await refreshSession(store, signer, session, { ttlSeconds: 600 });
  await request(token);
  await request(refreshed?.token ?? '');
  await revokeAll(store, session.sub);
  await request(refreshed?.token ?? '');
  process.stdout.write(`statuses ${statuses.join(' ')}\n`);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
