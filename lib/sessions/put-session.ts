import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, unlessConditionFails } from '../aws/dynamodb.ts';
import { startDeadline } from '../shared/timeouts.ts';
import { parseSession, type Session } from './session.ts';

/**
 * Puts the row of a new session.
 *
 * @returns false where a row has the key
 * @throws InvalidSessionError for a session that violates the schema
 */
export async function putSession(store: SessionStore, session: Session): Promise<boolean> {
  const command = new PutCommand({
    TableName: store.table,
    Item: parseSession(session),
    ConditionExpression: 'attribute_not_exists(jti)',
  });
  using deadline = startDeadline();
  return (await unlessConditionFails(store.client.send(command, deadline))) !== null;
}
