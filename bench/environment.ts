import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CpuShare } from './cpu-share.ts';
import type { PackagedFunction } from './packaged.ts';

/** A function's answer. */
export interface Invocation {
  readonly response: Readonly<Record<string, unknown>>;
  /** `performance.now()` at the arrival of the answer. */
  readonly answeredMs: number;
  /** CPU time of the whole process up to the answer, user and system, in milliseconds. */
  readonly cpuMs: number;
  /** Peak resident memory of the process so far, in megabytes (10^6 bytes). */
  readonly peakMb: number;
}

/** What `measureWarm` of bootstrap.mjs gives, with the bytes of log a call. */
export interface WarmCost {
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly billedMs: number;
  readonly logBytes: number;
}

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
/** Longest time for one answer, some thousand calls at an eighth of a processor included. */
const PATIENCE_MS = 240_000;

/** One execution environment: a process as Lambda starts it, and the runtime API that feeds it. */
export class Environment implements AsyncDisposable {
  /** `performance.now()` just before the process was started. */
  startedMs = NaN;
  readonly #function: PackagedFunction;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #cpuShare: CpuShare | undefined;
  readonly #directory = mkdtempSync(join(tmpdir(), 'bench-log-'));
  /** The log goes to a file: what a pipe costs its writer depends on how busy its reader is. */
  readonly #log = openSync(join(this.#directory, 'log'), 'w');
  readonly #server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    this.#serve(request, response).catch((error: Error) => this.#answer?.reject(error));
  });
  #process: ChildProcess | undefined;
  #poll: ServerResponse | undefined;
  #event: string | undefined;
  #answer: PromiseWithResolvers<Invocation> | undefined;

  /**
   * @param variables in addition to those of the deployment, and over them
   * @param cpuShare how much of a processor the process gets; all by default
   */
  constructor(
    fn: PackagedFunction,
    variables: Readonly<Record<string, string>>,
    cpuShare?: CpuShare,
  ) {
    this.#function = fn;
    this.#variables = variables;
    this.#cpuShare = cpuShare;
  }

  /**
   * Hands an event over. The first call starts the process, with the event waiting for it.
   *
   * @throws Error when the function cannot be loaded, throws, ends or does not answer
   */
  async invoke(event: unknown): Promise<Invocation> {
    const answer = Promise.withResolvers<Invocation>();
    this.#answer = answer;
    const timer = setTimeout(
      () => answer.reject(new Error(`${this.#function.name}: no answer`)),
      PATIENCE_MS,
    );
    this.#event = JSON.stringify(event);
    try {
      if (this.#process) this.#handOver();
      else await this.#start();
      return await answer.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Calls the function with one event after the other in a process that does nothing else.
   *
   * @param warmUp events before those that count: V8 has to have compiled what is hot
   * @throws Error unless every answer is a 200
   */
  async measureWarm(warmUp: readonly unknown[], measured: readonly unknown[]): Promise<WarmCost> {
    const { response } = await this.invoke({ warmUp, measured });
    const { statuses, ...cost } = response as unknown as Omit<WarmCost, 'logBytes'> & {
      readonly statuses: Readonly<Record<string, number>>;
    };
    const calls = warmUp.length + measured.length;
    if (statuses[200] !== calls)
      throw new Error(`${this.#function.name} answered ${JSON.stringify(statuses)}`);
    return { ...cost, logBytes: fstatSync(this.#log).size / calls };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#process;
    this.#answer = undefined;
    this.#server.closeAllConnections(); // ends the process
    if (running && running.exitCode === null && running.signalCode === null)
      await once(running, 'exit');
    await new Promise((resolve) => this.#server.close(resolve));
    closeSync(this.#log);
    rmSync(this.#directory, { recursive: true });
  }

  async #start(): Promise<void> {
    const { name, handler, memoryMb, taskRoot, variables } = this.#function;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = this.#server.address() as AddressInfo;
    this.startedMs = performance.now();
    const child = spawn(process.execPath, [...lambdaFlags(memoryMb), BOOTSTRAP], {
      cwd: taskRoot,
      env: {
        PATH: process.env.PATH,
        ...variables,
        ...this.#variables,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}`,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        LAMBDA_TASK_ROOT: taskRoot,
        _HANDLER: handler,
      },
      stdio: ['ignore', this.#log, 'inherit'],
    });
    this.#cpuShare?.hold(child.pid ?? 0);
    this.#process = child;
    child.once('error', (error) => this.#answer?.reject(error));
    child.once('exit', (code) =>
      this.#answer?.reject(new Error(`${name}: the process ended (${code})`)),
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') {
      this.#poll = response;
      this.#handOver();
      return;
    }
    const answeredMs = performance.now();
    const body = await text(request);
    response.writeHead(202, { 'Content-Length': 0 }).end();
    if (!request.url?.endsWith('/response'))
      throw new Error(`${this.#function.name}: ${request.url}: ${body}`);
    this.#answer?.resolve({
      response: JSON.parse(body),
      answeredMs,
      cpuMs: Number(request.headers['bench-cpu-us']) / 1_000,
      peakMb: (Number(request.headers['bench-max-rss-kb']) * 1_024) / 1_000_000,
    });
  }

  /** Gives the waiting event to the waiting process, once there are both. */
  #handOver(): void {
    if (!this.#poll || this.#event === undefined) return;
    this.#poll
      .writeHead(200, {
        'Content-Length': Buffer.byteLength(this.#event),
        'Lambda-Runtime-Aws-Request-Id': crypto.randomUUID(),
        'Lambda-Runtime-Deadline-Ms': Date.now() + PATIENCE_MS,
      })
      .end(this.#event);
    this.#poll = undefined;
    this.#event = undefined;
  }
}

/**
 * The flags that Lambda starts Node with (`/var/runtime/bootstrap`): a tenth of the memory for young objects
 * (two semi-spaces), the rest for old ones, and no `require` of ES modules.
 */
function lambdaFlags(memoryMb: number): string[] {
  const young = Math.floor(memoryMb / 10);
  return [
    '--no-experimental-require-module',
    '--no-experimental-detect-module',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(young / 2)}`,
    `--max-old-space-size=${memoryMb - young}`,
  ];
}
