import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { configureFunction } from './lambda.ts';
import { late } from './late.ts';
import { type TestStore, useTestStore } from './store.ts';

/** A test store with two ways to it: through a proxy that can fail, and around it. */
export interface ProxiedStore {
  readonly proxy: FaultProxy;
  /** For the code under test. */
  readonly proxied: SessionStore;
  /** For preparation and inspection. */
  readonly direct: TestStore;
  /** The operations that have come through the proxy, for example `['BatchGetItem', 'Query']`. */
  operations(): string[];
}

/**
 * Registers a test store behind a fault proxy for all tests of a file, without faults at the start of each.
 * Leaves the SDK's variables set to the proxy, and the functions' to the table.
 */
export function useProxiedStore(): ProxiedStore {
  const direct = useTestStore();
  let proxy: FaultProxy;
  let proxied: SessionStore;
  beforeAll(async () => {
    proxy = await startFaultProxy(direct.endpoint);
    process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint;
    proxied = openSessionStore(direct.table);
    configureFunction(direct);
  });
  beforeEach(() => proxy.clear());
  afterAll(async () => {
    proxied.client.destroy();
    await proxy.close();
  });
  return {
    proxy: late(() => proxy),
    proxied: late(() => proxied),
    direct,
    operations: () => proxy.requests().map(({ operation }) => operation),
  };
}
