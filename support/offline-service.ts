import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { removeRunLog } from './run-log.ts';

/** A service under `serverless offline`, on ports of its own. */
export interface OfflineService {
  /** For example `http://localhost:41234`. */
  readonly url: string;
  readonly port: number;
  /** Where it takes calls of Lambda's Invoke API. */
  readonly lambdaUrl: string;
  /** Sends a request to a path of it. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** All that it has printed so far. */
  output(): string;
  /** Sends SIGINT, as Ctrl-C does, and waits for the end. Answers the exit code. */
  stop(): Promise<number | null>;
}

type Variables = Readonly<Record<string, string>>;

const START_TIMEOUT_MS = 150_000;
const SERVERLESS = fileURLToPath(new URL('../node_modules/.bin/serverless', import.meta.url));

/** Starts this project's service (`.`), and waits until it is ready. */
export async function startOfflineService(environment: Variables = {}): Promise<OfflineService> {
  return startOffline('.', [], environment, '\nReady');
}

/**
 * Starts a project under `serverless offline`.
 *
 * @param ready the text that it prints once it takes requests
 */
export async function startOffline(
  cwd: string,
  options: readonly string[],
  environment: Variables,
  ready: string,
): Promise<OfflineService> {
  const [port, lambdaPort] = await Promise.all([freePort(), freePort()]);
  const child = spawn(
    SERVERLESS,
    // In one process: a worker for each of fifty requests at once is fifty cold starts on two cores.
    [
      ...['offline', '--noSponsor', '--useInProcess', ...options],
      ...['--httpPort', `${port}`, '--lambdaPort', `${lambdaPort}`],
    ],
    { cwd, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = collectOutput(child);
  try {
    await output.until(ready, START_TIMEOUT_MS);
  } catch (error) {
    child.kill('SIGINT');
    throw error;
  }
  const url = `http://localhost:${port}`;
  return {
    url,
    port,
    fetch: (path, init) => fetch(new URL(path, url), init),
    lambdaUrl: `http://localhost:${lambdaPort}`,
    output: output.text,
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode;
      child.kill('SIGINT');
      const [code] = await once(child, 'exit');
      removeRunLog(port);
      return code;
    },
  };
}

/**
 * A port that nothing listens on, below those that systems give to whoever asks for any (from 32,768 on Linux,
 * https://docs.kernel.org/networking/ip-sysctl.html, and 49,152 elsewhere, RFC 6335), so that it stays free.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(randomInt(10_000, 32_768), 'localhost');
    try {
      await once(server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') continue;
      throw error;
    }
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Follows what a process prints. */
export function collectOutput(child: ChildProcess) {
  let text = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const listener of listeners) listener();
    });
  return {
    text: () => text,
    /** Waits until the process has printed something; fails when it ends, or the time is up, before. */
    until: (expected: string, timeoutMs: number) =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`no ${JSON.stringify(expected)} in ${timeoutMs} ms:\n${text}`)),
          timeoutMs,
        );
        const look = () => {
          if (!text.includes(expected)) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        child.once('exit', (code) => {
          clearTimeout(timer);
          reject(new Error(`ended with ${code} before ${JSON.stringify(expected)}:\n${text}`));
        });
        look();
      }),
  };
}
