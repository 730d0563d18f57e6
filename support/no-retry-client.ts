import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { defined } from '../lib/shared/json.ts';

/**
 * A client to prepare and look at sessions with, of the store that the SDK's variables name. It waits for as
 * long as it takes and tries nothing again: a put that was given up, and then arrives after all, would be in
 * doubt, or bring a session back that has been deleted meanwhile.
 *
 * Each request has a connection of its own: one that was kept may be closed by the store just as it is used.
 *
 * @param endpoint defaults to the store that the SDK's variables name
 */
export function noRetryClient(endpoint?: string): DynamoDBDocumentClient {
  const requestHandler = { httpAgent: { keepAlive: false } };
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({ ...defined({ endpoint }), maxAttempts: 1, requestHandler }),
  );
}
