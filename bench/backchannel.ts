import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { exportJWK, SignJWT } from 'jose';
import { LOGOUT_EVENT } from '../lib/federation/logout-token.ts';
import { listenOnLoopback } from '../support/loopback.ts';
import { gatewayEvent } from './gateway-event.ts';

const PROVIDER = 'https://op.example';
const CLIENT = 'web';

/** Parameters of a deployment with back-channel logout. */
export const BACKCHANNEL_PARAMETERS = {
  jwtLogoutAudience: CLIENT,
  jwtLogoutIssuer: PROVIDER,
  jwtLogoutJwksUrl: `${PROVIDER}/jwks`,
};

/** An identity provider: its keys at a URL, and its logout tokens. */
export interface LogoutSender extends AsyncDisposable {
  /** For the functions. */
  readonly variables: Readonly<Record<string, string>>;
  /** The event of a logout token for all sessions of a user. */
  event(sub: string): Promise<object>;
}

/** Starts the key server of an identity provider. */
export async function startLogoutSender(): Promise<LogoutSender> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }];
  const server = createServer((_, response) => response.end(JSON.stringify({ keys })));
  const port = await listenOnLoopback(server);
  return {
    variables: { JWT_LOGOUT_JWKS_URL: `${port.url}/jwks` },
    event: async (sub) => {
      const logout_token = await new SignJWT({ sub, events: { [LOGOUT_EVENT]: {} } })
        .setProtectedHeader({ alg: 'RS256', kid: 'k1', typ: 'logout+jwt' })
        .setIssuer(PROVIDER)
        .setAudience(CLIENT)
        .setIssuedAt()
        .setExpirationTime('2m')
        .setJti(randomUUID())
        .sign(privateKey);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const form = new URLSearchParams({ logout_token }).toString();
      return {
        ...gatewayEvent('POST', '/api/v1/auth/backchannel-logout', headers),
        body: Buffer.from(form).toString('base64'),
        isBase64Encoded: true,
      };
    },
    [Symbol.asyncDispose]: port.close,
  };
}
