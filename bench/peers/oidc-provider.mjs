/**
 * oidc-provider: token revocation (RFC 7009) and introspection (RFC 7662) of opaque access tokens, with
 * a DynamoDB adapter by its Adapter interface. The tokens are under no grant: the cheapest case, as
 * revoking one that is also looks for the grant's other tokens.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { listen, serveBench, table } from './process.mjs';

/** The methods of the interface that opaque access tokens without a grant call. */
class DynamoDbAdapter {
  constructor(model) {
    this.model = model;
  }

  key(id) {
    return { id: `${this.model}:${id}` };
  }

  async upsert(id, payload, expiresIn) {
    const expires_at = Math.floor(Date.now() / 1_000) + expiresIn;
    await table.put({ ...this.key(id), payload, expires_at });
  }

  async find(id) {
    return (await table.get(this.key(id)))?.payload;
  }

  async destroy(id) {
    await table.delete(this.key(id));
  }
}

const server = createServer();
const port = await listen(server);
const clientId = 'bench';
const clientSecret = randomBytes(32).toString('base64url');
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: DynamoDbAdapter,
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      grant_types: ['authorization_code'],
      redirect_uris: ['https://app.example.com/callback'],
    },
  ],
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  jwks: { keys: [privateKey.export({ format: 'jwk' })] },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
  ttl: { AccessToken: 3_600 },
});
server.on('request', provider.callback());

const benchClient = await provider.Client.find(clientId);
const headers = {
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded',
};

async function createSession() {
  const accountId = `bench-${randomBytes(8).toString('hex')}`;
  const token = await new provider.AccessToken({
    client: benchClient,
    accountId,
    scope: 'openid',
  }).save();
  const body = `token=${token}&token_type_hint=access_token`;
  return {
    check: { method: 'POST', path: '/token/introspection', headers, body },
    logout: { method: 'POST', path: '/token/revocation', headers, body },
  };
}

serveBench(port, 'oidc-provider', 'oidc-provider', createSession);
