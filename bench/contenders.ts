import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { createSecretKey, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { issueSession, type Signer } from '../lib/login/issue.ts';
import { nextEvent, stop } from '../support/processes.ts';
import { createSessionsTable } from '../support/table.ts';
import type { PreparedRequest } from './load.ts';
import type { PackagedFunction, Packages } from './packaged.ts';

/** The two requests of one live session's user. */
export interface PreparedSession {
  readonly check: PreparedRequest;
  readonly logout: PreparedRequest;
}

/** A server that logs sessions out, in a process of its own. */
export interface Contender {
  readonly name: string;
  /** `front`: the HTTP front of ours, alone. */
  readonly role: 'ours' | 'front' | 'peer';
  /** For example `express 5.1.0`. */
  readonly versions: readonly string[];
  readonly process: ChildProcess;
  readonly origin: string;
  /** The table of its sessions, a row each and nothing else; undefined without a store. */
  readonly table?: string;
  /** A text that only the answer to a check of a live session holds. */
  readonly aliveText: string;
  /** A text in the answer to a logout. */
  readonly loggedOutText: string;
  /** Creates live sessions. */
  prepare(count: number): Promise<readonly PreparedSession[]>;
}

interface Started {
  readonly process: ChildProcess;
  readonly origin: string;
  readonly versions: readonly string[];
}

const HERE = new URL('./', import.meta.url);
const PEERS = fileURLToPath(new URL('peers/', HERE));
/** Debian's packages are importable there; another Python on the PATH would not have them. */
const PYTHON = '/usr/bin/python3';
const WITHOUT_FASTAPI =
  'FastAPI is skipped: /usr/bin/python3 lacks a package; on Debian: apt-get install python3-fastapi uvicorn python3-boto3 python3-jose';

/** The texts by which a peer's answers are told, and the key of its table. */
const PEERS_IN_JAVASCRIPT = [
  {
    name: 'Express',
    file: 'express.mjs',
    keyName: 'id',
    aliveText: '"sub":"bench-',
    loggedOutText: 'Successfully logged out',
  },
  {
    name: 'Better Auth',
    file: 'better-auth.mjs',
    keyName: 'token',
    aliveText: '"userId"',
    loggedOutText: '"success":true',
  },
  // RFC 7009: a 200 without a body, for any token at all.
  {
    name: 'oidc-provider',
    file: 'oidc-provider.mjs',
    keyName: 'id',
    aliveText: '"active":true',
    loggedOutText: '',
  },
] as const;

const jwtSecret = randomBytes(36).toString('base64url');
const signer: Signer = { key: createSecretKey(Buffer.from(jwtSecret)), algorithm: 'HS256' };

/**
 * Starts all contenders: ours first, then the front alone, then the peers.
 *
 * @param started stops them when it is disposed of
 * @returns the contenders, and a line for each that is skipped
 */
export async function startContenders(
  { logout, me }: Packages['functions'],
  started: AsyncDisposableStack,
  progress: (line: string) => void,
): Promise<{ readonly contenders: readonly Contender[]; readonly skipped: readonly string[] }> {
  await installPeers(progress);
  const contenders: Contender[] = [];
  const add = (contender: Contender) => {
    started.defer(() => stop(contender.process));
    contenders.push(contender);
    progress(`started ${contender.name}: ${contender.versions.join(', ')}`);
  };
  const bundles = [bundle('logout', logout), bundle('me', me)];
  const ours = { ...logout.variables, JWT_SECRET: jwtSecret };
  add(
    await withJwtSessions('true-logout', 'ours', 'bench-ours', (SESSIONS_TABLE) =>
      forkServer('front.ts', bundles, { ...ours, SESSIONS_TABLE }),
    ),
  );
  add({
    ...(await forkServer('front.ts', [], {})),
    name: 'the front alone',
    role: 'front',
    aliveText: 'Successfully',
    loggedOutText: 'Successfully',
    prepare: async (count) => Array.from({ length: count }, () => jwtRequests('none')),
  });
  for (const { file, keyName, ...peer } of PEERS_IN_JAVASCRIPT) {
    const table = `bench-${file}`;
    await createKeyTable(table, keyName);
    const server = await forkServer(`peers/${file}`, [], { TABLE: table });
    const prepare = async (count: number) => {
      server.process.send({ count });
      const { sessions } = await nextEvent<{ sessions: PreparedSession[] }>(
        server.process,
        'message',
      );
      return sessions;
    };
    add({ ...server, ...peer, role: 'peer', table, prepare });
  }
  if (!(await hasFastApi())) return { contenders, skipped: [WITHOUT_FASTAPI] };
  add(await withJwtSessions('FastAPI', 'peer', 'bench-fastapi', startFastApi));
  return { contenders, skipped: [] };
}

/** A contender that takes our rows and tokens. */
async function withJwtSessions(
  name: string,
  role: Contender['role'],
  table: string,
  start: (table: string) => Promise<Started>,
): Promise<Contender> {
  const store = openSessionStore(table);
  await createSessionsTable(store.client, table);
  return {
    ...(await start(table)),
    ...{ name, role, table },
    aliveText: '"sub":"bench-',
    loggedOutText: 'Successfully logged out',
    prepare: async (count) => {
      const sessions: PreparedSession[] = [];
      for (let index = 0; index < count; index += 1) {
        const sub = `bench-${randomBytes(8).toString('hex')}`;
        const { token } = await issueSession(store, signer, { sub, ttlSeconds: 3_600 });
        sessions.push(jwtRequests(token));
      }
      return sessions;
    },
  };
}

function jwtRequests(token: string): PreparedSession {
  const authorization = `Bearer ${token}`;
  const headers = { authorization, 'content-length': '0' };
  return {
    check: { method: 'GET', path: '/api/v1/auth/me', headers: { authorization } },
    logout: { method: 'POST', path: '/api/v1/auth/logout', headers },
  };
}

async function startFastApi(table: string): Promise<Started> {
  const child = spawn(PYTHON, [`${PEERS}fastapi_twin.py`], {
    env: { ...process.env, TABLE: table, JWT_SECRET: jwtSecret },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = await nextEvent<string>(child, 'line', createInterface(child.stdout));
  return startedBy(child, JSON.parse(line));
}

async function hasFastApi(): Promise<boolean> {
  const program = 'import boto3, fastapi, jose, uvicorn';
  return promisify(execFile)(PYTHON, ['-c', program]).then(
    () => true,
    () => false,
  );
}

async function forkServer(
  file: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Started> {
  const child = fork(fileURLToPath(new URL(file, HERE)), args, {
    env: { ...process.env, NODE_ENV: 'production', ...variables },
    // Log lines are written, to nowhere; errors are worth reading.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return startedBy(child, await nextEvent(child, 'message'));
}

function startedBy(
  child: ChildProcess,
  { port, versions }: { readonly port: number; readonly versions: readonly string[] },
): Started {
  return { process: child, origin: `http://127.0.0.1:${port}`, versions };
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

function bundle(name: string, { taskRoot, handler }: PackagedFunction): string {
  const [path, exported] = handler.split('.');
  return `${name}=${taskRoot}/${path}.cjs#${exported}`;
}

/** The peers and the load generator are not among the project's own packages. */
async function installPeers(progress: (line: string) => void): Promise<void> {
  if (existsSync(`${PEERS}node_modules/autocannon`)) return;
  progress('installing the peers: npm ci --prefix bench/peers');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--prefix', PEERS]);
}
