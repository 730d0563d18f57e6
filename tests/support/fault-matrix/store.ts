import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { startStoreProcess } from '../../../support/store-process.ts';
import { openTestStore, type TestStore } from '../store.ts';

/**
 * A test store in a process of its own, as hundreds of requests a second beside the functions' own
 * time-outs are too much for one.
 *
 * Its client gives nothing up: a put that arrives late would change what the test looks at.
 */
export async function openMatrixStore(): Promise<TestStore> {
  await using started = new AsyncDisposableStack();
  if (!process.env.AWS_ENDPOINT_URL_DYNAMODB) {
    const { dynamoDb } = started.use(await startStoreProcess());
    process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamoDb;
    started.defer(() => void delete process.env.AWS_ENDPOINT_URL_DYNAMODB);
  }
  const store = await openTestStore();
  const client = DynamoDBDocumentClient.from(new DynamoDBClient());
  const running = started.move();
  return {
    ...store,
    client,
    close: async () => {
      client.destroy();
      await store.close();
      await running.disposeAsync();
    },
  };
}
