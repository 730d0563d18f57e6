import { BatchGetCommand } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../naive/lib/aws/dynamodb.ts';

const { client, table } = openSessionStore(process.env.SESSIONS_TABLE ?? '');

/**
 * What a check is measured against: the one read that it makes, of the session and its user's cutoff,
 * through the SDK's document client with the same settings, and nothing around it.
 */
export const handler = async ({ sub, jti }: { sub: string; jti: string }) => {
  const keys = [jti, '#cutoff'].map((key) => ({ sub, jti: key }));
  const { Responses } = await client.send(
    new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
  );
  return { statusCode: Responses?.[table]?.length === 1 ? 200 : 401 };
};
