import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfiguration } from '../lib/config.ts';
import { ConfigurationError } from '../lib/configuration-error.ts';
import { openSessionStore } from '../lib/dynamodb.ts';
import { issueSession } from '../lib/issue.ts';
import { createKeys } from '../lib/keys.ts';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.ts';
import { type LocalVariables, localCredentials, localVariables } from './local-environment.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { keepRunLog } from './run-log.ts';
import { signerOf } from './signer.ts';
import { createSessionsTable } from './table.ts';

interface Serverless {
  readonly service: {
    readonly provider: { environment: Record<string, unknown> };
    readonly custom: { readonly esbuild: object };
  };
  readonly processedInput: { readonly commands: readonly string[] };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

const DEFAULT_PORT = 3000;
const DEFAULT_LAMBDA_PORT = 3002;

interface OfflineOptions {
  readonly httpPort?: string;
  readonly lambdaPort?: string;
  readonly host?: string;
}

/**
 * What `serverless offline` needs to run the whole service on one machine: DynamoDB (embedded, or the
 * server that AWS_ENDPOINT_URL_DYNAMODB names), the table, a secret, and a first token to try.
 */
export default class LocalServices {
  readonly hooks: Record<string, () => Promise<void>>;

  constructor(serverless: Serverless, options: OfflineOptions) {
    if (serverless.processedInput.commands[0] === 'offline') buildForReading(serverless, options);
    const start = () => startLocalServices(serverless, options);
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start };
  }
}

/**
 * A local run's bundles: with names and lines that a trace can be read by, and in a folder of their own, as
 * packaging, or a second run, would delete or overwrite the code that functions load at their first call.
 */
function buildForReading({ service }: Serverless, options: OfflineOptions): void {
  Object.assign(service.custom.esbuild, {
    minify: false,
    outputWorkFolder: `.esbuild/${options.httpPort ?? DEFAULT_PORT}`,
  });
}

async function startLocalServices(serverless: Serverless, options: OfflineOptions): Promise<void> {
  const host = options.host ?? 'localhost';
  const port = Number(options.httpPort ?? DEFAULT_PORT);
  const failure = (message: string) => new serverless.classes.Error(message, 'LOCAL_RUN');
  await requireFreePorts(host, [port, Number(options.lambdaPort ?? DEFAULT_LAMBDA_PORT)], failure);

  const variables = checkedVariables(failure);
  const credentials = localCredentials(process.env);
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const embedded = given ? undefined : await startEmbeddedDynamoDb();
  const environment: LocalVariables = {
    ...variables,
    ...credentials,
    AWS_ENDPOINT_URL_DYNAMODB: given || (embedded?.endpoint ?? ''),
  };
  // The SDK of this process reads the same variables as that of the functions.
  Object.assign(process.env, environment);
  serverless.service.provider.environment = { ...environment };

  try {
    const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
    await createSessionsTable(store.client, store.table);
  } catch (error) {
    await embedded?.stop();
    throw failure(
      `The store at AWS_ENDPOINT_URL_DYNAMODB (${environment.AWS_ENDPOINT_URL_DYNAMODB}) can't be used: ${error}`,
    );
  }
  writeRunFile(port, environment);
  keepRunLog(port);
  process.once('exit', () => removeRunFile(port));
  announceWhenReady(host, port, environment).catch((error) =>
    process.stderr.write(`No first token: ${error}\n`),
  );
}

type Failure = (message: string) => Error;

function checkedVariables(failure: Failure): LocalVariables {
  try {
    const variables = localVariables(process.env);
    createKeys(readConfiguration(variables).tokens);
    return variables;
  } catch (error) {
    throw error instanceof ConfigurationError ? failure(error.message) : error;
  }
}

async function requireFreePorts(
  host: string,
  ports: readonly number[],
  failure: Failure,
): Promise<void> {
  const free = await Promise.all(ports.map((port) => isFree(host, port)));
  const busy = ports.filter((_, index) => !free[index]);
  if (busy.length === 0) return;
  const [http = 0, lambda = 0] = ports.map((port) => port + 20);
  throw failure(
    `Port ${busy.join(' and ')} in use; end what runs there, or choose others: npm start -- --httpPort ${http} --lambdaPort ${lambda}`,
  );
}

async function isFree(host: string, port: number): Promise<boolean> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
    return true;
  } catch {
    return false;
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
  const otherPort = port === DEFAULT_PORT ? '' : ` --port ${port}`;
  const signer = await signerOf(environment);
  if (!signer) {
    process.stdout.write(
      `\nReady on ${url}. Sign tokens with your own key; make their rows with\n`,
    );
    process.stdout.write(`  npm run token -- --sub alice --jti <the token’s jti>${otherPort}\n\n`);
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

Another token: npm run --silent token${otherPort && ` --${otherPort}`}
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
