import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { openSessionStore } from '../naive/lib/aws/dynamodb.ts';

const { client, table } = openSessionStore(process.env.SESSIONS_TABLE ?? '');

/**
 * What a warm logout is measured against: its one store call through the SDK's document client, with
 * the same settings, and nothing around it. No abort signal either: that is part of what logout adds.
 */
export const handler = async ({ sub, jti }: { sub: string; jti: string }) => {
  const { Attributes } = await client.send(
    new DeleteCommand({
      TableName: table,
      Key: { sub, jti },
      ConditionExpression: 'attribute_exists(jti)',
      ReturnValues: 'ALL_OLD',
    }),
  );
  return { statusCode: Attributes ? 200 : 404 };
};
