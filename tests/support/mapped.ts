import { once } from 'node:events';
import { createServer, request as forward } from 'node:http';
import { freePort } from '../../support/offline-service.ts';

/** A service behind a base path, as a stage or a custom domain's mapping puts one before it. */
export interface MappedService {
  /** For example `http://localhost:41235/dev`. */
  readonly url: string;
  close(): void;
}

/** Starts a server that passes on what is below a base path, without it, and answers nothing else. */
export async function startMapping(service: string, basePath: string): Promise<MappedService> {
  const port = await freePort();
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    if (!path.startsWith(`${basePath}/`)) {
      outgoing.writeHead(404).end();
      return;
    }
    const { method, headers } = incoming;
    const onward = forward(
      new URL(path.slice(basePath.length), service),
      { method, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.once('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }).listen(port, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${port}${basePath}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
