import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';

const REQUEST =
  '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';

/** TLS in front of a plain server. */
export interface TlsFront extends Disposable {
  readonly url: string;
  /** PEM file to trust. */
  readonly certificate: string;
}

/**
 * Puts TLS with a throw-away certificate in front of a server of the loopback interface.
 *
 * @param directory for the certificate and its key
 * @throws Error where there is no `openssl` command
 */
export async function openTlsFront(plainUrl: string, directory: string): Promise<TlsFront> {
  const certificate = join(directory, 'certificate.pem');
  const key = join(directory, 'key.pem');
  const options = ['req', ...REQUEST.split(' '), '-keyout', key, '-out', certificate];
  execFileSync('openssl', options, { stdio: ['ignore', 'ignore', 'pipe'] });
  const plainPort = Number(new URL(plainUrl).port);
  const pem = { key: readFileSync(key), cert: readFileSync(certificate) };
  const server = createServer(pem, (encrypted) => {
    const plain = connect({ host: '127.0.0.1', port: plainPort, noDelay: true });
    encrypted.setNoDelay(true);
    encrypted.pipe(plain).pipe(encrypted);
    // A function that ends takes its connections with it; neither end may outlive the other.
    encrypted.on('error', () => plain.destroy());
    plain.on('error', () => encrypted.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    certificate,
    [Symbol.dispose]: () => void server.close(),
  };
}
