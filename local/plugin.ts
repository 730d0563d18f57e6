import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { functionTable } from '../infra/functions.ts';
import type { Framework } from '../infra/plugin.ts';
import { stack } from '../infra/stack.ts';
import { readConfiguration } from '../lib/auth/config.ts';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { readClients } from '../lib/oauth/clients.ts';
import { ConfigurationError } from '../lib/shared/environment.ts';
import { startEmbeddedDynamoDb } from '../support/embedded-dynamodb.ts';
import { removeRunFile, writeRunFile } from '../support/run-file.ts';
import { keepRunLog } from '../support/run-log.ts';
import { signerOf } from '../support/signer.ts';
import { createSessionsTable } from '../support/table.ts';
import { announce, untilListening } from './announce.ts';
import { putConsoleInFront } from './console/console.ts';
import { hostInUrl } from './console/guard.ts';
import { answerAsOnAws, gatewayOf } from './gateway.ts';
import { forwardJwks } from './jwks-forward.ts';
import { type LocalVariables, localCredentials, localVariables } from './local-environment.ts';

const DEFAULT_PORT = 3000;
const DEFAULT_LAMBDA_PORT = 3002;

interface OfflineOptions {
  readonly httpPort?: string;
  readonly lambdaPort?: string;
  readonly host?: string;
}

/**
 * Sets up the bundles of a local run: readable traces, and a folder of their own, as packaging or a second
 * run would delete the code that functions load at their first call.
 */
export function prepareLocalRun({ service, classes }: Framework, options: OfflineOptions): void {
  for (const folder of ['.esbuild', '.local'])
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK);
    } catch (error) {
      const message = `The local run writes its bundles and its log into the project, and ${folder} can't be written: copy the project to a folder of your own (${error})`;
      throw new classes.Error(message, 'LOCAL_RUN');
    }
  Object.assign(service.custom.esbuild, {
    minify: false,
    outputWorkFolder: `.esbuild/${options.httpPort ?? DEFAULT_PORT}`,
  });
  Object.assign(service.functions, { ...switchedOn(prefixOf(service)), ...service.functions });
  service.setFunctionNames(options);
}

/** The functions of a deployment whose parameters are the shell's variables: JWT_LOGOUT_AUDIENCE is `jwtLogoutAudience`. */
function switchedOn(pathPrefix: string) {
  const parameters = [
    'jwtIssuers',
    ...Object.values(functionTable).flatMap(({ when = [] }) => when),
  ];
  const variable = (name: string) => name.replaceAll(/[A-Z]/g, '_$&').toUpperCase();
  const values = parameters.map((name) => [name, process.env[variable(name)] ?? '']);
  return stack({ ...Object.fromEntries(values), pathPrefix }).functions;
}

function prefixOf({ functions }: Framework['service']): string {
  return String(functions.openapi?.environment?.PATH_PREFIX);
}

/**
 * Starts all that `serverless offline` needs to run the whole service on one machine: DynamoDB (embedded,
 * or the server that AWS_ENDPOINT_URL_DYNAMODB names), the table, a secret, a console, and a first token.
 */
export async function startLocalRun(serverless: Framework, options: OfflineOptions): Promise<void> {
  const host = options.host ?? 'localhost';
  const port = Number(options.httpPort ?? DEFAULT_PORT);
  const failure = (message: string) => new serverless.classes.Error(message, 'LOCAL_RUN');
  const lambdaPort = Number(options.lambdaPort ?? DEFAULT_LAMBDA_PORT);
  await requireFreePorts(host, [port, lambdaPort], failure);

  await useForwardedJwks(process.env, failure);
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
  const { service, provider } = serverless.service;
  writeRunFile(port, {
    ...environment,
    AWS_ENDPOINT_URL_LAMBDA: `http://${hostInUrl(host)}:${lambdaPort}`,
    LOCAL_STACK: `${service}-${provider.stage}`,
  });
  keepRunLog(port);
  process.once('exit', () => removeRunFile(port));
  // A store that others share may have an alice of its own, whose rows are not for the console.
  const sub = given ? `alice-${randomUUID().slice(0, 8)}` : 'alice';
  openWhenReady(serverless, { host, port, environment, sub }).catch((error) =>
    process.stderr.write(`No console and no first token: ${error}\n`),
  );
}

type Failure = (message: string) => Error;

/** LOCAL_JWKS_URL is the switch for a JWKS by http from another host, in place of JWT_JWKS_URL. */
async function useForwardedJwks(shell: NodeJS.ProcessEnv, failure: Failure): Promise<void> {
  const { LOCAL_JWKS_URL: url } = shell;
  if (!url) return;
  if (!URL.canParse(url)) throw failure('LOCAL_JWKS_URL is no URL, such as http://keycloak:8080/…');
  if (shell.JWT_JWKS_URL) throw failure('LOCAL_JWKS_URL stands in place of JWT_JWKS_URL: set one');
  shell.JWT_JWKS_URL = await forwardJwks(url);
}

function checkedVariables(failure: Failure): LocalVariables {
  try {
    const variables = localVariables(process.env);
    const { issuers } = readConfiguration(variables);
    readClients(variables);
    if (issuers.some(({ keySource }) => keySource.kind === 'secret-parameter'))
      throw new ConfigurationError('JWT_ISSUERS', 'has a secretParameter; a local run asks no SSM');
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

interface LocalRun {
  readonly host: string;
  readonly port: number;
  readonly environment: LocalVariables;
  /** The console's user. */
  readonly sub: string;
}

async function openWhenReady(serverless: Framework, run: LocalRun): Promise<void> {
  const { host, port, environment, sub } = run;
  await untilListening(host, port);
  const { sessionsTable, idleMs, issuers } = readConfiguration(environment);
  const store = openSessionStore(sessionsTable, { idleMs });
  const signer = await signerOf(environment);
  const gateway = gatewayOf(serverless);
  const { allowedOrigins } = serverless.service.provider.httpApi.cors;
  const events = Object.values(serverless.service.functions).flatMap(({ events = [] }) => events);
  const routes = events.flatMap(({ httpApi }) => httpApi ?? []);
  answerAsOnAws(gateway, routes, allowedOrigins);
  const adopted = issuers[0]?.adoption !== undefined;
  const prefix = prefixOf(serverless.service);
  putConsoleInFront(gateway, { store, signer, sub, prefix, adopted }, host);
  const portOption = port === DEFAULT_PORT ? '' : ` --port ${port}`;
  await announce({ host, port, portOption, prefix, store, signer, adopted });
}
