import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP relay to a far service. */
export interface SlowWire {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Relays to a service on this machine, with a delay each way.
 *
 * @param url of the service
 * @param ms delay of every piece, in milliseconds; equal, so that the order stays
 */
export async function startSlowWire(url: string, ms: number): Promise<SlowWire> {
  const { hostname, port } = new URL(url);
  const open = new Set<Socket>();
  const relay = (from: Socket, to: Socket) => {
    open.add(from);
    from.on('data', (data) => setTimeout(() => to.write(data), ms));
    from.on('end', () => setTimeout(() => to.end(), ms));
    // A closed tab resets its connections.
    from.on('error', () => to.destroy());
    from.on('close', () => open.delete(from));
  };
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    relay(near, far);
    relay(far, near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
