import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { openTestStore, type TestStore } from './store.ts';

/** A test store with two ways to it: over a wire that can fail, and around it. */
export interface WiredStore {
  readonly wire: FaultProxy;
  /** What the code under test uses. */
  readonly wired: SessionStore;
  /** What the test looks with. */
  readonly direct: TestStore;
  close(): Promise<void>;
}

/** Opens a test store behind a fault proxy. Leaves the SDK's variables set to the proxy. */
export async function openWiredStore(): Promise<WiredStore> {
  const direct = await openTestStore();
  const wire = await startFaultProxy(direct.endpoint);
  process.env.AWS_ENDPOINT_URL_DYNAMODB = wire.endpoint;
  const wired = openSessionStore(direct.table);
  return {
    wire,
    wired,
    direct,
    close: async () => {
      wired.client.destroy();
      await wire.close();
      await direct.close();
    },
  };
}
