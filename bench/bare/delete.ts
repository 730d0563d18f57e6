import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../../lib/dynamodb.ts';

const { client, table } = openSessionStore(process.env.SESSIONS_TABLE ?? '');

/**
 * The floor of a warm log-out: its one store call, through the document client with the same settings,
 * and nothing around it. No abort signal either: that is part of what log-out adds.
 */
export const handler = async ({ sub, jti }: { sub: string; jti: string }) => {
  await client.send(
    new DeleteCommand({
      TableName: table,
      Key: { sub, jti },
      ConditionExpression: 'attribute_exists(jti)',
    }),
  );
  return { statusCode: 200 };
};
