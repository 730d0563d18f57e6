import { execFile } from 'node:child_process';
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
  /** Creates live sessions. */
  prepare(count: number): Promise<readonly PreparedSession[]>;
}

interface Contenders {
  readonly ours: Contender;
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

/** File, key of the table, text of a check's answer for a live session, text of a logout's answer. */
const PEERS_IN_JAVASCRIPT = [
  ['express.mjs', 'id', '"sub":', 'Successfully logged out'],
  ['better-auth.mjs', 'token', '"userId"', '"success":true'],
  // RFC 7009: a 200 without a body, for any token at all.
  ['oidc-provider.mjs', 'id', '"active":true', ''],
] as const;

/** @param started stops the contenders when it is disposed of */
export async function startContenders(
  { store, packages }: Bench,
  started: AsyncDisposableStack,
  progress: (line: string) => void,
): Promise<Contenders> {
  await installPeers(progress);
  const { logout, me } = packages.functions;
  const { SESSIONS_TABLE = '' } = store.variables;

  async function start(...command: Parameters<typeof startServer>): Promise<Server> {
    const server = await startServer(...command);
    started.defer(() => stop(server.process));
    progress(`started ${server.name}`);
    return server;
  }

  const front = `${HERE}front.ts`;
  const bundles = [bundle('logout', logout), bundle('me', me)];
  /** Our rows and tokens. */
  const sessions = {
    table: SESSIONS_TABLE,
    aliveText: '"sub":',
    loggedOutText: 'Successfully logged out',
    prepare: async (count: number) =>
      (await store.begin(count)).map(({ token }) => jwtRequests(token)),
  };
  const ours = {
    ...(await start(process.execPath, [front, ...bundles], {
      ...logout.variables,
      ...store.variables,
    })),
    ...sessions,
  };
  const others: Contender[] = [
    {
      ...(await start(process.execPath, [front])),
      aliveText: 'Successfully',
      loggedOutText: 'Successfully',
      prepare: async (count) => Array.from({ length: count }, () => jwtRequests('none')),
    },
  ];
  for (const [file, keyName, aliveText, loggedOutText] of PEERS_IN_JAVASCRIPT) {
    const table = `bench-${file}`;
    await createKeyTable(table, keyName);
    const server = await start(process.execPath, [PEERS + file], { TABLE: table });
    const prepare = async (count: number) => {
      server.process.send({ count });
      return nextEvent<PreparedSession[]>(server.process, 'message');
    };
    others.push({ ...server, table, aliveText, loggedOutText, prepare });
  }
  if (!(await hasFastApi())) return { ours, others, skipped: WITHOUT_FASTAPI };
  const fastApi = await start(PYTHON, [`${PEERS}fastapi_twin.py`], store.variables);
  return { ours, others: [...others, { ...fastApi, ...sessions }] };
}

function jwtRequests(token: string): PreparedSession {
  const authorization = `Bearer ${token}`;
  const headers = { authorization, 'content-length': '0' };
  return {
    check: { method: 'GET', path: '/api/v1/auth/me', headers: { authorization } },
    logout: { method: 'POST', path: '/api/v1/auth/logout', headers },
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
function bundle(name: string, { taskRoot, handler }: PackagedFunction): string {
  const [path, exported] = handler.split('.');
  return `${name}=${taskRoot}/${path}.cjs#${exported}`;
}

/** The peers are not among the project's own packages. */
async function installPeers(progress: (line: string) => void): Promise<void> {
  if (existsSync(`${PEERS}node_modules/express`)) return;
  progress('installing the peers: npm ci --prefix bench/peers');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--prefix', PEERS]);
}
