import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../../lib/dynamodb.ts';

const { client, table } = openSessionStore(process.env.SESSIONS_TABLE ?? '');

/** The floor of a check: the one read that it makes, with the same settings, and nothing around it. */
export const handler = async ({ sub, jti }: { sub: string; jti: string }) => {
  const { Item } = await client.send(
    new GetCommand({ TableName: table, Key: { sub, jti }, ConsistentRead: true }),
  );
  return { statusCode: Item ? 200 : 401 };
};
