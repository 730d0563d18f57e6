import { BatchGetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../lib/aws/dynamodb.ts';
import type { Row } from '../lib/sessions/rows.ts';

/**
 * Keeps a store from being written to, for code that finds a session. Reads go through. A write is answered
 * as if it had been done, and a row that was put is among those of a user; any other command is an error.
 */
export function readOnlyStore(store: SessionStore): SessionStore {
  const put: Row[] = [];
  const send = async (command: unknown, options: { readonly abortSignal?: AbortSignal }) => {
    if (command instanceof BatchGetCommand) return store.client.send(command, options);
    if (command instanceof QueryCommand) {
      const page = await store.client.send(command, options);
      if (page.LastEvaluatedKey) return page;
      const sub = command.input.ExpressionAttributeValues?.[':sub'];
      return { ...page, Items: [...(page.Items ?? []), ...put.filter((row) => row.sub === sub)] };
    }
    if (command instanceof PutCommand) {
      put.push(command.input.Item ?? {});
      return {};
    }
    // What lib/sessions/adopted.ts requires of an answer; lib/sessions/touch.ts requires nothing.
    if (command instanceof UpdateCommand)
      return { Attributes: { ...command.input.Key, ended_at: Date.now() } };
    throw new Error('Nothing may be written here');
  };
  return { ...store, client: Object.create(store.client, { send: { value: send } }) };
}
