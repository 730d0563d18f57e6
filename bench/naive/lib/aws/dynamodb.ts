import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { timeouts } from '../../../../lib/shared/timeouts.ts';

export { StoreError } from '../../../../lib/aws/dynamodb.ts';

/** The plain way: the document client as the SDK's guide makes it, with the project's times. */
export function openSessionStore(table: string, limits = {}) {
  const client = new DynamoDBClient({
    maxAttempts: timeouts.attempts,
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      requestTimeout: timeouts.attemptMs,
      socketTimeout: timeouts.attemptMs,
      throwOnRequestTimeout: true,
    },
  });
  const unmarshallOptions = { wrapNumbers: Number };
  return { client: DynamoDBDocumentClient.from(client, { unmarshallOptions }), table, ...limits };
}

export async function unlessConditionFails<Output>(write: Promise<Output>): Promise<Output | null> {
  return write.catch((error: unknown) => {
    if (error instanceof ConditionalCheckFailedException) return null;
    throw error;
  });
}
