import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { timeouts } from '../../../../lib/shared/timeouts.ts';

export interface SessionStore {
  readonly client: DynamoDBDocumentClient;
  readonly table: string;
}

/** The plain way: the document client as the SDK's guide makes it, with the project's times. */
export function openSessionStore(table: string): SessionStore {
  const client = new DynamoDBClient({
    maxAttempts: timeouts.attempts,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.attemptMs,
      socketTimeout: timeouts.attemptMs,
      throwOnRequestTimeout: true,
    },
  });
  return {
    client: DynamoDBDocumentClient.from(client, { unmarshallOptions: { wrapNumbers: Number } }),
    table,
  };
}
