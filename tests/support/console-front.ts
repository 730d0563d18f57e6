import { once } from 'node:events';
import { createServer } from 'node:http';
import { putConsoleInFront } from '../../local/console/console.ts';
import type { Demo } from '../../local/console/demo-sessions.ts';
import { freePort } from '../../support/offline-service.ts';
import { forwardTo } from './forward.ts';
import type { SharedStack } from './shared-stack/open.ts';

/** A console of its own, for one user, in front of the shared local run. */
export interface ConsoleFront {
  readonly url: string;
  readonly port: number;
  /** Puts another console before this one, as another start on the same port does. */
  startAgain(): void;
  close(): void;
}

/** @param demo what differs from the shared store, its signer, and this file's alice */
export async function startConsoleFront(
  { service, store, signer, user }: SharedStack,
  demo: Partial<Demo> = {},
): Promise<ConsoleFront> {
  const server = createServer(forwardTo(service.url));
  const startAgain = () =>
    putConsoleInFront(server, { store, signer, sub: user('alice'), ...demo }, 'localhost');
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
