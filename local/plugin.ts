import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfiguration } from '../lib/config.ts';
import { ConfigurationError } from '../lib/configuration-error.ts';
import { openSessionStore } from '../lib/dynamodb.ts';
import { issueSession } from '../lib/issue.ts';
import { createKeys } from '../lib/keys.ts';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { keepRunLog } from './run-log.ts';
import { signerOf } from './signer.ts';
import { createSessionsTable } from './table.ts';

interface Serverless {
  readonly service: {
    readonly provider: { environment: Record<string, unknown> };
    readonly custom?: { readonly 'serverless-offline'?: { readonly httpPort?: number } };
  };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

interface OfflineOptions {
  readonly httpPort?: string;
  readonly lambdaPort?: string;
  readonly host?: string;
}

/** Variables of the project that a local run takes over from the shell where they are set there. */
const PASSED_THROUGH = [
  'JWT_SECRET',
  'JWT_PUBLIC_KEY',
  'JWT_JWKS_URL',
  'JWT_ALGORITHMS',
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'ERROR_DETAILS',
] as const;
const KEY_VARIABLES = ['JWT_SECRET', 'JWT_PUBLIC_KEY', 'JWT_JWKS_URL'];

/**
 * What `serverless offline` needs to run the whole service on one machine: DynamoDB (embedded, or the
 * server that AWS_ENDPOINT_URL_DYNAMODB names), the table, a secret, and a first token to try.
 */
export default class LocalServices {
  readonly hooks: Record<string, () => Promise<void>>;

  constructor(serverless: Serverless, options: OfflineOptions) {
    const start = () => startLocalServices(serverless, options);
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start };
  }
}

async function startLocalServices(serverless: Serverless, options: OfflineOptions): Promise<void> {
  const host = options.host ?? 'localhost';
  const port = Number(
    options.httpPort ?? serverless.service.custom?.['serverless-offline']?.httpPort ?? 3000,
  );
  await requireFreePort(serverless, host, port, 'httpPort');
  await requireFreePort(serverless, host, Number(options.lambdaPort ?? 3002), 'lambdaPort');

  const variables = localVariables();
  try {
    createKeys(readConfiguration(variables).tokens);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new serverless.classes.Error(error.message, 'CONFIGURATION');
  }
  const environment = {
    ...variables,
    AWS_ENDPOINT_URL_DYNAMODB:
      process.env.AWS_ENDPOINT_URL_DYNAMODB ?? (await startEmbeddedDynamoDb()).endpoint,
  };
  // The SDK of this process reads the same variables as that of the functions.
  Object.assign(process.env, environment);
  serverless.service.provider.environment = { ...environment };

  const store = openSessionStore(environment.SESSIONS_TABLE);
  await createSessionsTable(store.client, store.table);
  writeRunFile(port, environment);
  keepRunLog(port);
  process.once('exit', () => removeRunFile(port));
  announceWhenReady(host, port, environment).catch((error) =>
    process.stderr.write(`No first token: ${error}\n`),
  );
}

/** The functions' variables but for the store's address. */
function localVariables() {
  const fromShell = Object.fromEntries(
    PASSED_THROUGH.flatMap((name) => {
      const value = process.env[name];
      return value ? [[name, value]] : [];
    }),
  );
  const ownKey = KEY_VARIABLES.some((name) => name in fromShell);
  return {
    ...(ownKey ? {} : { JWT_SECRET: randomBytes(36).toString('base64url') }),
    ...fromShell,
    SESSIONS_TABLE: process.env.SESSIONS_TABLE ?? 'true-logout-local-sessions',
    AWS_REGION: process.env.AWS_REGION ?? 'us-east-1',
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? 'local',
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY ?? 'local',
  };
}

async function requireFreePort(
  serverless: Serverless,
  host: string,
  port: number,
  option: string,
): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
  } catch {
    throw new serverless.classes.Error(
      `Port ${port} is in use; end what runs there, or choose another: --${option} ${port + 10}`,
      'PORT_IN_USE',
    );
  } finally {
    probe.close();
  }
}

async function announceWhenReady(
  host: string,
  port: number,
  environment: Record<string, string>,
): Promise<void> {
  while (!(await accepts(host, port))) await pause(50);
  const url = `http://${host}:${port}/api/v1/auth`;
  const signer = await signerOf(environment);
  if (!signer) {
    process.stdout.write(
      `\nReady on ${url}. Sign tokens with your own key; make their rows with\n`,
    );
    process.stdout.write('  npm run token -- --sub alice --jti <the token’s jti>\n\n');
    return;
  }
  const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
  const { token } = await issueSession(store, signer, {
    sub: 'alice',
    ttlSeconds: 3_600,
    claims: { name: 'Alice' },
  });
  process.stdout.write(`
Ready. Try it:

  TOKEN=${token}
  curl -i -H "Authorization: Bearer $TOKEN" ${url}/me             # 200: who you are
  curl -i -H "Authorization: Bearer $TOKEN" -X POST ${url}/logout # 200: logged out
  curl -i -H "Authorization: Bearer $TOKEN" ${url}/me             # 401: really logged out

Another token: npm run --silent token
`);
}

async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
