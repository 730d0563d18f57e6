import { BatchGetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SessionStore } from '../lib/aws/dynamodb.ts';

/** A store in which nothing is written, for code that may want to. */
export interface ReadOnlyStore {
  readonly store: SessionStore;
  /** Rows that would have been put so far. */
  puts(): number;
}

/**
 * Keeps a store from being written to. Reads of single rows go through. A put is answered as if it had been
 * done; any other command is an error.
 */
export function readOnlyStore(store: SessionStore): ReadOnlyStore {
  let puts = 0;
  const send = async (command: unknown, options: { readonly abortSignal?: AbortSignal }) => {
    if (command instanceof PutCommand) {
      puts += 1;
      return {};
    }
    if (command instanceof BatchGetCommand) return store.client.send(command, options);
    throw new Error('Nothing may be written here');
  };
  const client: SessionStore['client'] = Object.create(store.client, { send: { value: send } });
  return { store: { ...store, client }, puts: () => puts };
}
