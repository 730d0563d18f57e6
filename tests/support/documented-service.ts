import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startEmbeddedDynamoDb } from '../../support/embedded-dynamodb.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { collectOutput, freePort } from '../../support/offline-service.ts';
import { type RunEnvironment, readRunFile } from '../../support/run-file.ts';
import { removeRunLog } from '../../support/run-log.ts';

/** A service that a command of the README has started, on ports of its own, over a wire that can fail. */
export interface DocumentedService {
  /** For example `http://localhost:41234`. */
  readonly url: string;
  readonly port: number;
  readonly wire: FaultProxy;
  readonly environment: RunEnvironment;
  /** As Ctrl-C in a terminal: SIGINT to the command and to all that it has started. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 150_000;

/**
 * Runs a command that starts the service, with free ports in place of those that it names.
 *
 * @param command such as `npm start -- --httpPort 3020 --lambdaPort 3022`
 */
export async function startAsDocumented(command: string): Promise<DocumentedService> {
  const given = process.env.AWS_ENDPOINT_URL_DYNAMODB;
  const embedded = given ? undefined : await startEmbeddedDynamoDb();
  const wire = await startFaultProxy(given ?? embedded?.endpoint ?? '');
  const [port, lambdaPort] = await Promise.all([freePort(), freePort()]);
  const onFreePorts = command
    .replace(/--httpPort \d+/, `--httpPort ${port}`)
    .replace(/--lambdaPort \d+/, `--lambdaPort ${lambdaPort}`);
  const child = spawn('bash', ['-c', onFreePorts], {
    detached: true, // a process group of its own, for `stop`
    env: { ...process.env, AWS_ENDPOINT_URL_DYNAMODB: wire.endpoint },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  const stop = async () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
    await closed;
    removeRunLog(port);
    await wire.close();
    await embedded?.stop();
  };
  try {
    await collectOutput(child).until('\nReady', START_TIMEOUT_MS);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url: `http://localhost:${port}`,
    port,
    wire,
    environment: readRunFile(port) ?? {},
    stop,
  };
}

/** A command for port 3000 as one for a service on another port. */
export function onPort(command: string, port: number): string {
  return command
    .replaceAll('http://localhost:3000', `http://localhost:${port}`)
    .replaceAll(/--port 3000\b/g, `--port ${port}`);
}

/** Makes a logout fail over a broken store, and answers the error id. */
export async function failOnce({ url, wire }: DocumentedService, token: string): Promise<string> {
  await wire.fault('access-denied');
  const response = await fetch(`${url}/api/v1/auth/logout`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}` },
  });
  await wire.clear();
  return response.headers.get('x-error-id') ?? `none, but status ${response.status}`;
}
