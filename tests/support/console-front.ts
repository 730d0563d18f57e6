import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { putConsoleInFront } from '../../local/console/console.ts';
import type { Demo } from '../../local/console/demo-sessions.ts';
import { freePort } from '../../support/offline-service.ts';
import { forwardTo } from './forward.ts';
import type { SharedStack } from './shared-stack/open.ts';

/** A console in front of a gateway, on a port of its own. */
export interface ConsoleFront {
  readonly url: string;
  readonly port: number;
  /** Puts another console before this one, as another start on the same port does. */
  startAgain(): void;
  close(): void;
}

export async function startConsoleFront(
  gateway: RequestListener,
  demo: Demo,
): Promise<ConsoleFront> {
  const server = createServer(gateway);
  const startAgain = () => putConsoleInFront(server, demo, 'localhost');
  startAgain();
  const port = await freePort();
  await once(server.listen(port, 'localhost'), 'listening');
  return {
    url: `http://localhost:${port}`,
    ...{ port, startAgain },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param demo what differs from the shared local run's store, its signer, and this file's alice */
export function startSharedFront(
  { service, store, signer, user }: SharedStack,
  demo: Partial<Demo> = {},
): Promise<ConsoleFront> {
  return startConsoleFront(forwardTo(service.url), { store, signer, sub: user('alice'), ...demo });
}
