import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { patientClient } from '../../../bench/patient-client.ts';
import { nextEvent, stop } from '../../../bench/processes.ts';
import { openTestStore, type TestStore } from '../store.ts';

const PROCESS = fileURLToPath(new URL('../../../bench/store-process.ts', import.meta.url));

/**
 * A test store in a process of its own: hundreds of requests a second beside the functions' time-outs are
 * too much for one process. Its client retries nothing, as a late put would change what the test reads.
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
  const client = patientClient();
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
