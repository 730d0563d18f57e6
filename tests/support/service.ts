import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type RunEnvironment, readRunFile } from '../../local/run-file.ts';

/** The whole service as `npm start` runs it, on ports of its own. */
export interface RunningService {
  /** For example `http://localhost:41234`. */
  readonly url: string;
  readonly port: number;
  /** Variables of its functions, and the SDK's for its store. */
  readonly environment: RunEnvironment;
  /** All that it has printed so far. */
  output(): string;
  /** Sends SIGINT, as Ctrl-C does, and waits for the end. Answers the exit code. */
  stop(): Promise<number | null>;
}

const START_TIMEOUT_MS = 60_000;

/** Starts serverless offline and waits until it is ready. */
export async function startService(
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  const [port, lambdaPort] = await Promise.all([freePort(), freePort()]);
  const child = spawn(
    'node_modules/.bin/serverless',
    // In one process: a worker for each of fifty requests at once is fifty cold starts on two cores.
    [
      ...['offline', '--noSponsor', '--useInProcess'],
      ...['--httpPort', `${port}`, '--lambdaPort', `${lambdaPort}`],
    ],
    { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const output = collectOutput(child);
  await output.until('\nReady', START_TIMEOUT_MS);
  return {
    url: `http://localhost:${port}`,
    port,
    environment: readRunFile(port) ?? {},
    output: output.text,
    stop: async () => {
      if (child.exitCode !== null) return child.exitCode;
      child.kill('SIGINT');
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

/** A port that nothing listens on, as far as anybody can know. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
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
