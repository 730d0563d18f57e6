import {
  DynamoDBClient,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { InitializeMiddleware } from '@smithy/types';
import { memoizeAsync } from '../shared/memoize.ts';
import { timeouts } from '../shared/timeouts.ts';
import { awsJson } from './aws-json.ts';
import { Sha256 } from './sha256.ts';

/** The session table and the client to reach it with. */
export interface SessionStore {
  /** For what this project asks of the table: by lib/aws/aws-json.ts, it does not convert attributes of bytes. */
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
  /** Sessions that began earlier are over (SESSIONS_NOT_BEFORE). Epoch milliseconds. */
  readonly notBeforeMs?: number | undefined;
}

/**
 * Opens the session table. Region, credentials and endpoint are the AWS SDK's own variables.
 *
 * The SDK by itself waits for ever on a connection that hangs, and `requestTimeout` only warns unless
 * `throwOnRequestTimeout` is set. It ends with the headers of the answer; `socketTimeout` is for a
 * body that never comes. {@link timeouts} has the values.
 *
 * @param onLatency told how long each operation took, all its attempts together
 */
export function openSessionStore(
  table: string,
  onLatency?: (milliseconds: number) => void,
): SessionStore {
  const client = new DynamoDBClient({
    protocol: awsJson('1.0'),
    sha256: Sha256,
    retryMode: 'standard',
    maxAttempts: timeouts.attempts,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.attemptMs,
      socketTimeout: timeouts.attemptMs,
      throwOnRequestTimeout: true,
    },
  });
  // The SDK would copy its configuration into a new signer for each request.
  client.config.signer = memoizeAsync(client.config.signer);
  // awsJson() says who calls. All three ask for and write down what nobody here reads.
  for (const name of ['getUserAgentMiddleware', 'loggerMiddleware', 'recursionDetectionMiddleware'])
    client.middlewareStack.remove(name);
  if (onLatency)
    client.middlewareStack.add(timing(onLatency), { step: 'initialize', name: 'timing' });
  return {
    client: DynamoDBDocumentClient.from(client, {
      // By default a number that JavaScript can't hold exactly is a BigInt or an exception, which would
      // fail a logout over a row that is deleted already. Rows are checked where they are read.
      unmarshallOptions: { wrapNumbers: Number },
    }),
    table,
  };
}

/** Times an operation, from before its first attempt to after its last. */
function timing(
  onLatency: (milliseconds: number) => void,
): InitializeMiddleware<ServiceInputTypes, ServiceOutputTypes> {
  return (next) => async (operation) => {
    const start = performance.now();
    try {
      return await next(operation);
    } finally {
      onLatency(performance.now() - start);
    }
  };
}
