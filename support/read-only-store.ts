import { BatchGetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../lib/aws/dynamodb.ts';

/**
 * Keeps a store from being written to. Reads of single rows go through. A put is answered as if it had been
 * done, so that its caller goes on; any other command is an error.
 */
export function readOnlyStore(store: SessionStore): SessionStore {
  const send = async (command: unknown, options: { readonly abortSignal?: AbortSignal }) => {
    if (command instanceof PutCommand) return {};
    if (command instanceof BatchGetCommand) return store.client.send(command, options);
    throw new Error('Nothing may be written here');
  };
  return { ...store, client: Object.create(store.client, { send: { value: send } }) };
}
