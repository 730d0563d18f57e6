import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { collectOutput, freePort } from '../../support/offline-service.ts';
import { stop } from '../../support/processes.ts';

/** Why tests are skipped. */
export const NO_MOTO =
  'with moto’s Cognito: MOTO_COGNITO=required npm test, where python3 has moto[server]';

/**
 * Whether the tests with moto run.
 *
 * @throws Error where MOTO_COGNITO is `required` and python3 has no moto
 */
export function withMoto(): boolean {
  if (process.env.MOTO_COGNITO !== 'required') return false;
  try {
    execFileSync('python3', ['-c', 'import moto.server'], { stdio: 'ignore' });
    return true;
  } catch {
    throw new Error('MOTO_COGNITO is required: pip install "moto[server]"');
  }
}

/** The tokens of a sign-in; a refresh gives no refresh token. */
export interface CognitoTokens {
  readonly AccessToken: string;
  readonly IdToken: string;
  readonly RefreshToken?: string;
}

/** A user pool of moto's Cognito, in a process of its own. */
export interface UserPool {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** The id of the app client. */
  readonly clientId: string;
  createUser(name: string): Promise<void>;
  signIn(name: string): Promise<CognitoTokens>;
  /** @throws Error with Cognito's answer */
  refresh(tokens: CognitoTokens): Promise<CognitoTokens>;
  /** Ends the user's refresh tokens. */
  globalSignOut(name: string): Promise<void>;
  close(): Promise<void>;
}

const START_TIMEOUT_MS = 60_000;
const REGION = 'us-east-1';
const PASSWORD = `Aa1!${randomUUID()}`;

/** Starts moto on a free port of the loopback interface, and creates a user pool with an app client. */
export async function startUserPool(): Promise<UserPool> {
  const port = await freePort();
  const server = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', `${port}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    await collectOutput(server).until('Running on', START_TIMEOUT_MS);
    return await createUserPool(`http://127.0.0.1:${port}`, () => stop(server));
  } catch (error) {
    await stop(server);
    throw error;
  }
}

async function createUserPool(url: string, close: UserPool['close']): Promise<UserPool> {
  /** Asks as the SDK would; moto reads service and region out of the signature's scope, and checks none. */
  const call = async (operation: string, body: object) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSCognitoIdentityProviderService.${operation}`,
        Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${REGION}/cognito-idp/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation}: ${text}`);
    return text === '' ? {} : JSON.parse(text);
  };
  const { UserPool: pool } = await call('CreateUserPool', { PoolName: 'test' });
  const UserPoolId: string = pool.Id;
  const { UserPoolClient: client } = await call('CreateUserPoolClient', {
    ...{ UserPoolId, ClientName: 'web', EnableTokenRevocation: true },
    ExplicitAuthFlows: ['ALLOW_ADMIN_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  });
  const ClientId: string = client.ClientId;
  const authenticate = async (AuthFlow: string, AuthParameters: object) => {
    const request = { UserPoolId, ClientId, AuthFlow, AuthParameters };
    return (await call('AdminInitiateAuth', request)).AuthenticationResult;
  };
  return {
    issuer: `https://cognito-idp.${REGION}.amazonaws.com/${UserPoolId}`,
    jwksUrl: `${url}/${UserPoolId}/.well-known/jwks.json`,
    clientId: ClientId,
    createUser: async (Username) => {
      await call('AdminCreateUser', { UserPoolId, Username });
      const password = { Password: PASSWORD, Permanent: true };
      await call('AdminSetUserPassword', { UserPoolId, Username, ...password });
    },
    signIn: (name) =>
      authenticate('ADMIN_USER_PASSWORD_AUTH', { USERNAME: name, PASSWORD: PASSWORD }),
    refresh: ({ RefreshToken }) =>
      authenticate('REFRESH_TOKEN_AUTH', { REFRESH_TOKEN: RefreshToken }),
    globalSignOut: async (Username) => {
      await call('AdminUserGlobalSignOut', { UserPoolId, Username });
    },
    close,
  };
}
