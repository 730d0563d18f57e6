import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nextEvent, stop } from './processes.ts';

/** An embedded DynamoDB and a parameter store, in a process of their own. */
export interface StoreProcess extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL_DYNAMODB. */
  readonly dynamoDb: string;
  /** For AWS_ENDPOINT_URL_SSM. */
  readonly ssm: string;
  readonly process: ChildProcess;
  /** Requests so far, by operation, for example `{ DeleteItem: 3 }`. */
  counts(): Promise<Readonly<Record<string, number>>>;
}

const SERVER = fileURLToPath(new URL('./store-server.ts', import.meta.url));

/** @param secret the value of every parameter of the parameter store */
export async function startStoreProcess(secret = ''): Promise<StoreProcess> {
  const child = fork(SERVER, { env: { ...process.env, STORE_SECRET: secret } });
  const endpoints = await nextEvent<Pick<StoreProcess, 'dynamoDb' | 'ssm'>>(child, 'message');
  return {
    ...endpoints,
    process: child,
    counts: () => {
      child.send('counts');
      return nextEvent(child, 'message');
    },
    [Symbol.asyncDispose]: () => stop(child),
  };
}
