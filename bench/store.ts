import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { newSession, type Signer, signSession } from '../lib/login/issue.ts';
import type { Session } from '../lib/sessions/session.ts';
import { findSession } from '../lib/sessions/sessions.ts';
import { startStoreProcess } from '../support/store-process.ts';
import { createSessionsTable } from '../support/table.ts';

/** A live session, and the token that names it. */
export interface LiveSession {
  readonly session: Session;
  readonly token: string;
}

type Variables = Readonly<Record<string, string>>;

/** The session table of a benchmark, in a process of its own. */
export interface BenchStore extends AsyncDisposable {
  readonly signer: Signer;
  /** What a function needs, with the secret in the environment. */
  readonly variables: Variables;
  /** The same with the secret in SSM's parameter store. */
  readonly ssmVariables: Variables;
  /** Begins sessions of as many different users, or of one. */
  begin(count: number, sub?: string): Promise<LiveSession[]>;
  beginOne(sub?: string): Promise<LiveSession>;
  isAlive(session: Session): Promise<boolean>;
  /**
   * Holds work to its store calls: logout answers 200 to any token, so that an answer alone does not show
   * that anything was done.
   *
   * @param expected calls by operation, and none of another
   * @throws Error for other calls
   */
  expectCalls<Value>(
    name: string,
    expected: Readonly<Record<string, number>>,
    work: () => Promise<Value>,
  ): Promise<Value>;
}

/** DynamoDB's limit for BatchWriteItem. */
const BATCH = 25;

/** Sets the SDK's variables of this process. */
export async function openBenchStore(): Promise<BenchStore> {
  const secret = randomBytes(36).toString('base64url');
  const server = await startStoreProcess(secret);
  const shared = {
    SESSIONS_TABLE: 'bench-sessions',
    AWS_ENDPOINT_URL_DYNAMODB: server.dynamoDb,
    AWS_ENDPOINT_URL_SSM: server.ssm,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SESSION_TOKEN: 'bench',
  };
  Object.assign(process.env, shared);
  const store = openSessionStore(shared.SESSIONS_TABLE);
  await createSessionsTable(store.client, store.table);
  const signer: Signer = { key: createSecretKey(Buffer.from(secret)), algorithm: 'HS256' };

  async function begin(count: number, sub?: string): Promise<LiveSession[]> {
    const sessions = Array.from({ length: count }, () =>
      newSession({ sub: sub ?? randomUUID(), ttlSeconds: 3_600 }, Date.now()),
    );
    for (let start = 0; start < count; start += BATCH) {
      const puts = sessions.slice(start, start + BATCH).map((Item) => ({ PutRequest: { Item } }));
      const RequestItems = { [store.table]: puts };
      const { UnprocessedItems = {} } = await store.client.send(
        new BatchWriteCommand({ RequestItems }),
      );
      if (Object.keys(UnprocessedItems).length > 0)
        throw new Error('The store did not take all sessions');
    }
    return Promise.all(
      sessions.map(async (session) => ({ session, token: await signSession(signer, session) })),
    );
  }

  return {
    signer,
    variables: { ...shared, JWT_SECRET: secret, JWT_SECRET_PARAMETER: '' },
    ssmVariables: { ...shared, JWT_SECRET_PARAMETER: '/bench/jwt-secret' },
    begin,
    beginOne: async (sub) => {
      const [live] = await begin(1, sub);
      if (!live) throw new Error('No session was begun');
      return live;
    },
    isAlive: async (session) => (await findSession(store, session)) !== null,
    expectCalls: async (name, expected, work) => {
      const before = await server.counts();
      const value = await work();
      const after = await server.counts();
      const made = Object.fromEntries(
        Object.entries(after).flatMap(([operation, count]) =>
          count === before[operation] ? [] : [[operation, count - (before[operation] ?? 0)]],
        ),
      );
      if (!isDeepStrictEqual(made, expected))
        throw new Error(`${name}: ${JSON.stringify(made)}, not ${JSON.stringify(expected)}`);
      return value;
    },
    [Symbol.asyncDispose]: async () => {
      store.client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
