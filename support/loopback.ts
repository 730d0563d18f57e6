import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';

/** A server's port of the loopback interface, open or closed. */
export interface LoopbackPort {
  /** For example `http://127.0.0.1:49152`. */
  readonly url: string;
  /** Ends all connections and refuses new ones; nobody else is given the port meanwhile. */
  shut(): Promise<void>;
  /** Takes connections again, at the same port. */
  open(): Promise<void>;
  /** Ends all connections, and gives the port away. */
  close(): Promise<void>;
}

/** Lets a server listen at a free port of the loopback interface. */
export async function listenOnLoopback(server: Server): Promise<LoopbackPort> {
  let held: AsyncDisposable | undefined;
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  const stop = async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  const release = async () => {
    await held?.[Symbol.asyncDispose]();
    held = undefined;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    shut: async () => {
      await stop();
      held ??= await hold(port);
    },
    open: async () => {
      await release();
      if (!server.listening) await listen(port);
    },
    close: async () => {
      await stop();
      await release();
    },
  };
}

/**
 * Occupies a port at which nobody listens, by a connection from there. The system would soon give a port that
 * is merely closed to the next server that asks for any, which then gets the requests of a test that expects
 * to be refused.
 */
async function hold(port: number): Promise<AsyncDisposable> {
  const peer = createServer().listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const { port: peerPort } = peer.address() as AddressInfo;
  const loopback = { host: '127.0.0.1', localAddress: '127.0.0.1' };
  const connection = connect({ ...loopback, port: peerPort, localPort: port });
  const [[accepted]] = await Promise.all([once(peer, 'connection'), once(connection, 'connect')]);
  accepted.on('error', () => {}); // the reset
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = [once(connection, 'close'), once(peer, 'close')];
      // A reset leaves nothing behind that would keep the port from being listened at.
      connection.resetAndDestroy();
      accepted.destroy();
      peer.close();
      await Promise.all(closed);
    },
  };
}
