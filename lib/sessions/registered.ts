import type { SessionStore } from '../aws/dynamodb.ts';
import { deleteRevoked } from './delete-revoked.ts';
import type { SessionMode } from './session-mode.ts';
import { endSession, foundIn, readSession } from './sessions.ts';

/** Sessions whose rows a login service writes. A token without a row opens nothing. */
export function registeredSessions(store: SessionStore): SessionMode {
  return {
    store,
    find: async ({ session }) => foundIn(store, await readSession(store, session), Date.now()),
    end: (session) => endSession(store, session),
    deleteRevoked: (sub, cutoff) => deleteRevoked(store, sub, cutoff),
  };
}
