import { execFile, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { openSessionStore, type SessionStore } from '../lib/aws/dynamodb.ts';
import { nextEvent, stop } from '../support/processes.ts';
import {
  type Contender,
  hasFastApi,
  startFastApi,
  startFrontAlone,
  startOurs,
  startPeer,
} from './contenders.ts';
import { packageFunctions } from './packaged.ts';
import { cpuMs } from './processes.ts';

/** All contenders, each in a process of its own, and the one store of all in another. */
export interface Contest extends AsyncDisposable {
  /** Ours first, then the front alone, then the peers. */
  readonly contenders: readonly Contender[];
  /** Who does not take part, and why. */
  readonly skipped: readonly string[];
  /** Rows in a contender's table; 0 for one without. */
  rows(contender: Contender): Promise<number>;
  /** What the store has done so far. */
  storeUse(): Promise<{ readonly requests: number; readonly cpuMs: number }>;
}

const WITHOUT_FASTAPI =
  'FastAPI is skipped: /usr/bin/python3 lacks a package; on Debian: apt-get install python3-fastapi uvicorn python3-boto3 python3-jose';

/** Starts everything; whatever is disposed of, or left behind by a crash, ends. */
export async function openContest(progress: (line: string) => void): Promise<Contest> {
  await installPeers(progress);
  await using started = new AsyncDisposableStack();
  progress('packaging the functions');
  const { functions } = started.use(await packageFunctions());

  const store = fork(fileURLToPath(new URL('peers/dynamodb.ts', import.meta.url)));
  started.defer(() => stop(store));
  const { endpoint } = await nextEvent<{ endpoint: string }>(store, 'message');
  // The SDKs of this process and of all contenders read these.
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
  });

  const contenders: Contender[] = [];
  const add = async (starting: Promise<Contender>) => {
    const contender = await starting;
    started.defer(() => stop(contender.process));
    contenders.push(contender);
    progress(`started ${contender.name}: ${contender.versions.join(', ')}`);
  };
  await add(startOurs(functions));
  await add(startFrontAlone());
  await add(
    startPeer('Express', 'express.mjs', {
      keyName: 'id',
      aliveText: '"sub":"bench-',
      loggedOutText: 'Successfully logged out',
    }),
  );
  await add(
    startPeer('Better Auth', 'better-auth.mjs', {
      keyName: 'token',
      aliveText: '"userId"',
      loggedOutText: '"success":true',
    }),
  );
  await add(
    startPeer('oidc-provider', 'oidc-provider.mjs', {
      keyName: 'id',
      aliveText: '"active":true',
      loggedOutText: '', // RFC 7009: a 200 without a body, for any token at all
    }),
  );
  const skipped: string[] = [];
  if (await hasFastApi()) await add(startFastApi());
  else skipped.push(WITHOUT_FASTAPI);
  for (const line of skipped) progress(line);

  const { client } = openSessionStore('bench');
  const running = started.move();
  return {
    contenders,
    skipped,
    rows: async ({ table }) => (table === undefined ? 0 : countRows(client, table)),
    storeUse: async () => {
      store.send('count');
      const { requests } = await nextEvent<{ requests: number }>(store, 'message');
      return { requests, cpuMs: cpuMs(store) };
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function countRows(client: SessionStore['client'], TableName: string): Promise<number> {
  const pages = paginateScan({ client }, { TableName, Select: 'COUNT', ConsistentRead: true });
  let count = 0;
  for await (const page of pages) count += page.Count ?? 0;
  return count;
}

/** The peers and the load generator are not among the project's own packages. */
async function installPeers(progress: (line: string) => void): Promise<void> {
  const directory = fileURLToPath(new URL('peers/', import.meta.url));
  if (existsSync(`${directory}node_modules/autocannon`)) return;
  progress('installing the peers: npm ci --prefix bench/peers');
  await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--prefix', directory]);
}
