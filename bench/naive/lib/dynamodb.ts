import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../../../lib/dynamodb.ts';
import { timeBudget } from '../../../lib/time-budget.ts';

export type { SessionStore } from '../../../lib/dynamodb.ts';

/** The plain way: the client as the SDK's guide makes it, with the same times. */
export function openSessionStore(table: string): SessionStore {
  const client = new DynamoDBClient({
    maxAttempts: timeBudget.attempts,
    requestHandler: {
      connectionTimeout: timeBudget.connectMs,
      requestTimeout: timeBudget.attemptMs,
      throwOnRequestTimeout: true,
    },
  });
  return { client: DynamoDBDocumentClient.from(client), table };
}

export function withinBudget(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(timeBudget.storeMs) };
}
