import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
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

/** The session table of a benchmark, in a process of its own. */
export interface BenchStore extends AsyncDisposable {
  /** What a function needs to reach it; the key source is not among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** The secret in the environment, or the name of the parameter that holds it. */
  readonly secretVariables: { readonly environment: Variables; readonly parameter: Variables };
  /** Begins sessions of as many different users, or of one. */
  begin(count: number, sub?: string): Promise<LiveSession[]>;
  isAlive(session: Session): Promise<boolean>;
  /** Requests so far, by operation, for example `{ DeleteItem: 3 }`. */
  counts(): Promise<Readonly<Record<string, number>>>;
}

type Variables = Readonly<Record<string, string>>;

const PARAMETER = '/bench/jwt-secret';
/** DynamoDB's limit for BatchWriteItem. */
const BATCH = 25;

export async function openBenchStore(): Promise<BenchStore> {
  const secret = randomBytes(36).toString('base64url');
  const server = await startStoreProcess(secret);
  const variables = {
    SESSIONS_TABLE: 'bench-sessions',
    AWS_ENDPOINT_URL_DYNAMODB: server.dynamoDb,
    AWS_ENDPOINT_URL_SSM: server.ssm,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_SESSION_TOKEN: 'bench',
  };
  // The SDK of this process reads the same variables as that of the functions.
  Object.assign(process.env, variables);
  const store = openSessionStore(variables.SESSIONS_TABLE);
  await createSessionsTable(store.client, store.table);
  const signer: Signer = { key: createSecretKey(Buffer.from(secret)), algorithm: 'HS256' };

  return {
    variables,
    secretVariables: {
      environment: { JWT_SECRET: secret },
      parameter: { JWT_SECRET_PARAMETER: PARAMETER },
    },
    begin: async (count, sub) => {
      const sessions = Array.from({ length: count }, () =>
        newSession({ sub: sub ?? randomUUID(), ttlSeconds: 3_600 }, Date.now()),
      );
      for (let start = 0; start < count; start += BATCH) {
        const batch = sessions.slice(start, start + BATCH);
        const { UnprocessedItems } = await store.client.send(
          new BatchWriteCommand({
            RequestItems: { [store.table]: batch.map((Item) => ({ PutRequest: { Item } })) },
          }),
        );
        if (Object.keys(UnprocessedItems ?? {}).length > 0)
          throw new Error('The store did not take all sessions');
      }
      return Promise.all(
        sessions.map(async (session) => ({ session, token: await signSession(signer, session) })),
      );
    },
    isAlive: async (session) => (await findSession(store, session)) !== null,
    counts: server.counts,
    [Symbol.asyncDispose]: async () => {
      store.client.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}
