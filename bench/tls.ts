import { execFileSync, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nextEvent, stop } from '../support/processes.ts';

const PROCESS = fileURLToPath(new URL('./tls-process.ts', import.meta.url));
const REQUEST =
  '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1';

/** Variables that make a function reach its services over TLS, as it reaches those of AWS. */
export type TlsFront = AsyncDisposable & { readonly variables: Readonly<Record<string, string>> };

/**
 * Puts TLS in front of the services that variables name by `http://127.0.0.1:port`, with a throw-away
 * certificate.
 *
 * @throws Error where there is no `openssl` command
 */
export async function openTlsFront(services: Readonly<Record<string, string>>): Promise<TlsFront> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-tls-'));
  const certificate = join(directory, 'certificate.pem');
  const key = join(directory, 'key.pem');
  execFileSync('openssl', ['req', ...REQUEST.split(' '), '-keyout', key, '-out', certificate], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ports = Object.values(services).map((url) => new URL(url).port);
  const child = fork(PROCESS, ports, {
    env: {
      ...process.env,
      BENCH_TLS_KEY: readFileSync(key, 'utf8'),
      BENCH_TLS_CERTIFICATE: readFileSync(certificate, 'utf8'),
    },
  });
  const fronts = await nextEvent<number[]>(child, 'message');
  const endpoints = Object.keys(services).map((name, index) => [
    name,
    `https://127.0.0.1:${fronts[index]}`,
  ]);
  return {
    variables: { ...Object.fromEntries(endpoints), NODE_EXTRA_CA_CERTS: certificate },
    [Symbol.asyncDispose]: async () => {
      await stop(child);
      rmSync(directory, { recursive: true });
    },
  };
}
