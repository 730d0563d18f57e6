/**
 * Better Auth: sign-out and get-session, with an adapter made by its `createAdapterFactory`, as npm has
 * no maintained one for DynamoDB. Sessions are in DynamoDB, keyed by the token that Better Auth looks
 * them up by, so that each look-up is one GetItem; users and accounts stay in memory, which spares it
 * two more calls a sign-out.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { createAdapterFactory } from 'better-auth/adapters';
import { toNodeHandler } from 'better-auth/node';
import { listen, serveBench, table } from './process.mjs';

const users = new Map();

/** The one condition that sessions are looked up by here; anything else would need an index. */
function tokenOf({ model, where }) {
  const [condition] = where;
  if (model !== 'session' || where.length !== 1 || condition.field !== 'token')
    throw new Error(`Not part of the bench: ${model} by ${JSON.stringify(where)}`);
  return { token: condition.value };
}

/** The methods of the interface that sign-out and get-session call. */
const adapter = createAdapterFactory({
  config: { adapterId: 'dynamodb', supportsDates: false, supportsNumericIds: false },
  adapter: () => ({
    create: async ({ model, data }) => {
      if (model === 'user') users.set(data.id, data);
      else await table.put(data);
      return data;
    },
    findOne: async (query) =>
      query.model === 'user'
        ? (users.get(query.where[0].value) ?? null)
        : ((await table.get(tokenOf(query))) ?? null),
    findMany: async (query) => {
      if (query.model === 'account') return [];
      const session = await table.get(tokenOf(query));
      return session ? [session] : [];
    },
    delete: async (query) => void (await table.delete(tokenOf(query))),
  }),
});

const server = createServer();
const port = await listen(server);
const baseURL = `http://127.0.0.1:${port}`;
const secret = randomBytes(32).toString('base64url');
const auth = betterAuth({
  baseURL,
  secret,
  database: adapter,
  // On in production; the load comes from one address, and would be refused.
  rateLimit: { enabled: false },
});
server.on('request', toNodeHandler(auth));

const { internalAdapter, authCookies } = await auth.$context;
const user = await internalAdapter.createUser({ name: 'Bench', email: 'bench@example.com' });

/** The row by Better Auth's own code, the cookie as it signs it. */
async function createSession() {
  const { token } = await internalAdapter.createSession(user.id);
  const signature = createHmac('sha256', secret).update(token).digest('base64');
  const cookie = `${authCookies.sessionToken.name}=${encodeURIComponent(`${token}.${signature}`)}`;
  return {
    check: { method: 'GET', path: '/api/auth/get-session', headers: { cookie } },
    logout: {
      method: 'POST',
      path: '/api/auth/sign-out',
      headers: { cookie, origin: baseURL, 'content-length': '0' },
    },
  };
}

serveBench(port, 'Better Auth', 'better-auth', createSession);
