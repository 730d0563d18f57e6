import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { nextEvent, stop } from '../../bench/processes.ts';
import { openTestStore, type TestStore } from './store.ts';

const PROCESS = fileURLToPath(new URL('../../bench/store-process.ts', import.meta.url));

/**
 * A test store in a process of its own, as hundreds of requests a second beside the functions' own
 * time-outs are too much for one.
 *
 * Its client waits for as long as it takes and tries nothing again: a put that was given up, and then
 * arrives after all, would bring a session back that the test has deleted meanwhile.
 */
export async function openMatrixStore(): Promise<TestStore> {
  await using started = new AsyncDisposableStack();
  if (!process.env.AWS_ENDPOINT_URL_DYNAMODB) {
    const child = fork(PROCESS);
    started.defer(() => stop(child));
    const { dynamoDb } = await nextEvent<{ dynamoDb: string }>(child, 'message');
    process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamoDb;
    started.defer(() => void delete process.env.AWS_ENDPOINT_URL_DYNAMODB);
  }
  const store = await openTestStore();
  // With a connection for each: one that was kept may be closed by the store just as it is used again.
  const requestHandler = { httpAgent: { keepAlive: false } };
  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({ maxAttempts: 1, requestHandler }),
  );
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
