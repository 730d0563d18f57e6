import { type ChildProcess, execFile, fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { openSessionStore, type SessionStore } from '../lib/aws/dynamodb.ts';
import { nextEvent } from '../support/processes.ts';
import { createSessionsTable } from '../support/table.ts';
import type { PackagedFunction } from './packaged.ts';
import { beginJwtSessions, jwtSecret, type PreparedSession } from './prepared-session.ts';

/** A server that logs sessions out, in a process of its own. */
export interface Contender {
  readonly name: string;
  /** `front`: what holds our handlers, alone. */
  readonly role: 'ours' | 'front' | 'peer';
  /** Of what it is made of, for example `express 5.1.0`. */
  readonly versions: readonly string[];
  readonly process: ChildProcess;
  readonly origin: string;
  /** Where its sessions are, a row each and nothing else; undefined where it has no store. */
  readonly table: string | undefined;
  /** What only the answer to a check of a live session holds. */
  readonly aliveText: string;
  /** What the answer to a logout holds. */
  readonly loggedOutText: string;
  /** Creates live sessions. */
  prepare(count: number): Promise<readonly PreparedSession[]>;
}

/** What each of them says once it listens. */
interface Ready {
  readonly port: number;
  readonly versions: readonly string[];
}

/** What a peer in JavaScript sends when it was asked for sessions. */
interface Prepared {
  readonly sessions: readonly PreparedSession[];
}

type Functions = Readonly<Record<'logout' | 'me', PackagedFunction>>;

/** The packaged handlers behind `front.ts`. */
export async function startOurs({ logout, me }: Functions): Promise<Contender> {
  const store = openSessionStore('bench-ours');
  await createSessionsTable(store.client, store.table);
  const { process, ready } = await forkServer('front.ts', [bundle(logout), bundle(me)], {
    ...logout.variables,
    SESSIONS_TABLE: store.table,
    JWT_SECRET: jwtSecret,
  });
  return {
    name: 'true-logout',
    role: 'ours',
    ...jwtContender(store, process, ready),
  };
}

/** `front.ts` with a constant in place of the handlers: what is left to win. */
export async function startFrontAlone(): Promise<Contender> {
  const { process, ready } = await forkServer('front.ts', [], {});
  const headers = { authorization: 'Bearer none', 'content-length': '0' };
  return {
    name: 'the front alone',
    role: 'front',
    versions: ready.versions,
    process,
    origin: originOf(ready),
    table: undefined,
    aliveText: 'Successfully',
    loggedOutText: 'Successfully',
    prepare: async (count) =>
      Array.from({ length: count }, () => ({
        check: { method: 'GET', path: '/api/v1/auth/me', headers },
        logout: { method: 'POST', path: '/api/v1/auth/logout', headers },
      })),
  };
}

/** A peer in JavaScript: it creates its sessions itself, see peers/process.mjs. */
export async function startPeer(
  name: string,
  file: string,
  { keyName, ...texts }: Pick<Contender, 'aliveText' | 'loggedOutText'> & { keyName: string },
): Promise<Contender> {
  const table = `bench-${file.split('.')[0]}`;
  await createKeyTable(table, keyName);
  const { process, ready } = await forkServer(`peers/${file}`, [], { TABLE: table });
  return {
    name,
    role: 'peer',
    versions: ready.versions,
    process,
    origin: originOf(ready),
    table,
    ...texts,
    prepare: async (count) => {
      process.send({ count });
      const { sessions } = await nextEvent<Prepared>(process, 'message');
      return sessions;
    },
  };
}

/** Where Debian's packages are importable; another Python on the PATH would not have them. */
const PYTHON = '/usr/bin/python3';

/** Whether the twin's packages are there. */
export async function hasFastApi(): Promise<boolean> {
  try {
    await promisify(execFile)(PYTHON, ['-c', 'import boto3, fastapi, jose, uvicorn']);
    return true;
  } catch {
    return false;
  }
}

/** The FastAPI twin, on rows and tokens like ours. */
export async function startFastApi(): Promise<Contender> {
  const store = openSessionStore('bench-fastapi');
  await createSessionsTable(store.client, store.table);
  const child = spawn(PYTHON, [fileURLToPath(new URL('peers/fastapi_twin.py', import.meta.url))], {
    env: { ...process.env, TABLE: store.table, JWT_SECRET: jwtSecret },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = await nextEvent<string>(child, 'line', createInterface(child.stdout));
  return { name: 'FastAPI', role: 'peer', ...jwtContender(store, child, JSON.parse(line)) };
}

function jwtContender(store: SessionStore, process: ChildProcess, ready: Ready) {
  return {
    versions: ready.versions,
    process,
    origin: originOf(ready),
    table: store.table,
    aliveText: '"sub":"bench-',
    loggedOutText: 'Successfully logged out',
    prepare: (count: number) => beginJwtSessions(store, count),
  };
}

async function forkServer(
  file: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    env: { ...process.env, NODE_ENV: 'production', ...variables },
    // Log lines are written, to nowhere; what is said on stderr is worth reading.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return { process: child, ready: await nextEvent<Ready>(child, 'message') };
}

async function createKeyTable(table: string, keyName: string): Promise<void> {
  await openSessionStore(table).client.send(
    new CreateTableCommand({
      TableName: table,
      AttributeDefinitions: [{ AttributeName: keyName, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: keyName, KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}

function bundle({ taskRoot, handler }: PackagedFunction): string {
  return `${taskRoot}/${handler.replace(/\.[^.]*$/, '')}.cjs`;
}

function originOf({ port }: Ready): string {
  return `http://127.0.0.1:${port}`;
}
