import { randomUUID } from 'node:crypto';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll } from '@jest/globals';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import { startEmbeddedDynamoDb } from '../../support/embedded-dynamodb.ts';
import { createSessionsTable } from '../../support/table.ts';
import { late } from './late.ts';

export interface TestStore extends SessionStore {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Opens a session table of its own on the server that AWS_ENDPOINT_URL_DYNAMODB names (DynamoDB Local,
 * moto), else on an embedded one. Leaves the SDK's variables set to it.
 */
export async function openTestStore(): Promise<TestStore> {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const embedded = given ? undefined : await startEmbeddedDynamoDb();
  const endpoint = given ?? embedded?.endpoint ?? '';
  process.env.AWS_ENDPOINT_URL_DYNAMODB = endpoint;
  process.env.AWS_REGION ??= 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID ??= 'test';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const store = openSessionStore(`test-${randomUUID()}`);
  await createSessionsTable(store.client, store.table);
  return {
    ...store,
    endpoint,
    close: async () => {
      await store.client.send(new DeleteTableCommand({ TableName: store.table }));
      store.client.destroy();
      if (given) process.env.AWS_ENDPOINT_URL_DYNAMODB = given;
      else delete process.env.AWS_ENDPOINT_URL_DYNAMODB;
      await embedded?.stop();
    },
  };
}

/** Registers a test store for all tests of a file. */
export function useTestStore(): TestStore {
  let store: TestStore;
  beforeAll(async () => {
    store = await openTestStore();
  });
  afterAll(() => store.close());
  return late(() => store);
}
