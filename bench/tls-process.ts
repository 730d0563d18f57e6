/**
 * TLS in front of plain servers on loopback, in a process of its own. Run by tls.ts with the key and
 * certificate in BENCH_TLS_KEY and BENCH_TLS_CERTIFICATE, and the servers' ports as arguments; answers
 * with a port for each.
 */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer } from 'node:tls';

const { BENCH_TLS_KEY: key = '', BENCH_TLS_CERTIFICATE: cert = '' } = process.env;

process.on('disconnect', () => process.exit());
process.send?.(await Promise.all(process.argv.slice(2).map((port) => front(Number(port)))));

async function front(port: number): Promise<number> {
  const server = createServer({ key, cert }, (encrypted) => {
    const plain = connect({ host: '127.0.0.1', port, noDelay: true });
    encrypted.setNoDelay(true);
    encrypted.pipe(plain).pipe(encrypted);
    // A function that ends takes its connections with it; neither end may outlive the other.
    encrypted.on('error', () => plain.destroy());
    plain.on('error', () => encrypted.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
