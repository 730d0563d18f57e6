import { execFile } from 'node:child_process';
import { hash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { nextEvent, stop } from '../support/processes.ts';
import type { PreparedRequest } from './load.ts';
import type { Bench } from './measure.ts';
import type { PackagedFunction } from './packaged.ts';
import { type Server, startServer } from './server.ts';

/** The two requests of one live session's user. */
export interface PreparedSession {
  readonly check: PreparedRequest;
  readonly logout: PreparedRequest;
}

/** A server that logs sessions out. */
export interface Contender extends Server {
  /** The table of its sessions, a row each and nothing else; undefined for the front alone. */
  readonly table?: string;
  /** A text that only the answer to a check of a live session holds. */
  readonly aliveText: string;
  /** A text in the answer to a logout. */
  readonly loggedOutText: string;
  /** Whether an OAuth client asks it, by RFC 7009 and RFC 7662. */
  readonly isOAuth?: boolean;
  /** Creates live sessions. */
  prepare(count: number): Promise<readonly PreparedSession[]>;
}

interface Contenders {
  readonly ours: Contender;
  /** Ours, asked by an OAuth client: introspection in place of the check, revocation in place of the logout. */
  readonly oauth: Contender;
  /** The front alone, then the peers. */
  readonly others: readonly Contender[];
  /** A line for a contender that is skipped. */
  readonly skipped?: string;
}

const HERE = fileURLToPath(new URL('./', import.meta.url));
const PEERS = `${HERE}peers/`;
/** Debian's packages are importable there; another Python on the PATH would not have them. */
const PYTHON = '/usr/bin/python3';
const WITHOUT_FASTAPI =
  'FastAPI is skipped: /usr/bin/python3 lacks a package; on Debian: apt-get install python3-fastapi uvicorn python3-boto3 python3-jose';

/** What OAuth clients get: of a revocation a 200, for any token at all. */
const OAUTH_TEXTS = { aliveText: '"active":true', loggedOutText: '', isOAuth: true };

/** File, key of the table, texts of the answers to a check of a live session and to a logout. */
const PEERS_IN_JAVASCRIPT = [
  ['express.mjs', 'id', { aliveText: '"sub":', loggedOutText: 'Successfully logged out' }],
  ['better-auth.mjs', 'token', { aliveText: '"userId"', loggedOutText: '"success":true' }],
  ['oidc-provider.mjs', 'id', OAUTH_TEXTS],
] as const;

/** @param started stops the contenders when it is disposed of */
export async function startContenders(
  { store, packages }: Bench,
  started: AsyncDisposableStack,
  progress: (line: string) => void,
): Promise<Contenders> {
  await installPeers(progress);
  const { logout, me, introspect, revoke } = packages.functions;
  const { SESSIONS_TABLE = '' } = store.variables;

  async function start(...command: Parameters<typeof startServer>): Promise<Server> {
    const server = await startServer(...command);
    started.defer(() => stop(server.process));
    progress(`started ${server.name}`);
    return server;
  }

  const front = `${HERE}front.ts`;
  const startFront = (name: string, functions: readonly PackagedFunction[], variables = {}) =>
    start(process.execPath, [front, name, ...functions.map(bundle)], variables);
  /** Our rows and tokens. */
  const sessions = {
    table: SESSIONS_TABLE,
    aliveText: '"sub":',
    loggedOutText: 'Successfully logged out',
    prepare: async (count: number) =>
      (await store.begin(count)).map(({ token }) => jwtRequests(token)),
  };
  const ours = {
    ...(await startFront('true-logout', [logout, me], { ...logout.variables, ...store.variables })),
    ...sessions,
  };
  const client = newClient();
  const oauth = {
    ...(await startFront('true-logout for OAuth clients', [introspect, revoke], {
      ...introspect.variables,
      ...store.variables,
      OAUTH_CLIENTS: client.variable,
    })),
    ...sessions,
    ...OAUTH_TEXTS,
    prepare: async (count: number) =>
      (await store.begin(count)).map(({ token }) => oauthRequests(token, client.authorization)),
  };
  const others: Contender[] = [
    {
      ...(await startFront('the front alone', [])),
      aliveText: 'Successfully',
      loggedOutText: 'Successfully',
      prepare: async (count) => Array.from({ length: count }, () => jwtRequests('none')),
    },
  ];
  for (const [file, keyName, texts] of PEERS_IN_JAVASCRIPT) {
    const table = `bench-${file}`;
    await createKeyTable(table, keyName);
    const server = await start(process.execPath, [PEERS + file], { TABLE: table });
    const prepare = async (count: number) => {
      server.process.send({ count });
      return nextEvent<PreparedSession[]>(server.process, 'message');
    };
    others.push({ ...server, table, ...texts, prepare });
  }
  if (!(await hasFastApi())) return { ours, oauth, others, skipped: WITHOUT_FASTAPI };
  const fastApi = await start(PYTHON, [`${PEERS}fastapi_twin.py`], store.variables);
  return { ours, oauth, others: [...others, { ...fastApi, ...sessions }] };
}

function jwtRequests(token: string): PreparedSession {
  const authorization = `Bearer ${token}`;
  const headers = { authorization, 'content-length': '0' };
  return {
    check: { method: 'GET', path: '/api/v1/auth/me', headers: { authorization } },
    logout: { method: 'POST', path: '/api/v1/auth/logout', headers },
  };
}

function oauthRequests(token: string, authorization: string): PreparedSession {
  const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
  const request = (path: string) => ({ method: 'POST', path, headers, body: `token=${token}` });
  return { check: request('/api/v1/auth/introspect'), logout: request('/api/v1/auth/revoke') };
}

/** The variable OAUTH_CLIENTS, and the header of its client. */
function newClient() {
  const secret = randomBytes(32).toString('base64url');
  return {
    variable: JSON.stringify({ bench: hash('sha256', secret) }),
    authorization: `Basic ${Buffer.from(`bench:${secret}`).toString('base64')}`,
  };
}

async function hasFastApi(): Promise<boolean> {
  const program = 'import boto3, fastapi, jose, uvicorn';
  return promisify(execFile)(PYTHON, ['-c', program]).then(
    () => true,
    () => false,
  );
}

async function createKeyTable(TableName: string, AttributeName: string): Promise<void> {
  await openSessionStore(TableName).client.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName, AttributeType: 'S' }],
      KeySchema: [{ AttributeName, KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}

/** An argument of front.ts. */
function bundle({ name, taskRoot, handler }: PackagedFunction): string {
  const [path, exported] = handler.split('.');
  return `${name}=${taskRoot}/${path}.cjs#${exported}`;
}

/** The peers are not among the project's own packages. */
async function installPeers(progress: (line: string) => void): Promise<void> {
  if (existsSync(`${PEERS}node_modules/express`)) return;
  progress('installing the peers: npm ci --prefix bench/peers');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--prefix', PEERS]);
}
