import { noRetryClient } from '../../../support/no-retry-client.ts';
import { startStoreProcess } from '../../../support/store-process.ts';
import { openTestStore, type TestStore } from '../store.ts';

/**
 * A test store in a process of its own, as hundreds of requests a second beside the functions' own
 * time-outs are too much for one.
 *
 * Its client is one that retries nothing, as a put that arrives late would change what the test looks at.
 */
export async function openMatrixStore(): Promise<TestStore> {
  await using started = new AsyncDisposableStack();
  if (!process.env.AWS_ENDPOINT_URL_DYNAMODB) {
    const { dynamoDb } = started.use(await startStoreProcess());
    process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamoDb;
    started.defer(() => void delete process.env.AWS_ENDPOINT_URL_DYNAMODB);
  }
  const store = await openTestStore();
  const client = noRetryClient();
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
