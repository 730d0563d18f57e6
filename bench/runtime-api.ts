import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CpuShare } from './cpu-share.ts';
import type { PackagedFunction } from './packaged.ts';

/** What a function answered, and when. */
export interface Invocation {
  readonly response: { readonly statusCode?: number; readonly body?: string };
  /** `performance.now()` at the arrival of the answer. */
  readonly answeredMs: number;
  /** CPU time of the whole process up to the answer, user and system, in milliseconds. */
  readonly cpuMs: number;
  /** Most memory that the process has held so far, in megabytes (10^6 bytes). */
  readonly peakMb: number;
}

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));
/** Longest that one answer may take before the measurement is given up. */
const PATIENCE_MS = 20_000;

/**
 * One execution environment: a whole process as Lambda starts it, and the runtime API that feeds it.
 * It is started by the first call of `invoke`, with that call's event waiting for it.
 */
export class Environment implements AsyncDisposable {
  /** `performance.now()` just before the process was started. */
  startedMs = Number.NaN;
  readonly #function: PackagedFunction;
  readonly #variables: Readonly<Record<string, string>>;
  readonly #cpuShare: CpuShare | undefined;
  readonly #server: Server;
  #process: ChildProcess | undefined;
  #poll: ServerResponse | undefined;
  #event: unknown;
  #settle: { resolve(invocation: Invocation): void; reject(error: Error): void } | undefined;

  private constructor(
    fn: PackagedFunction,
    variables: Readonly<Record<string, string>>,
    cpuShare: CpuShare | undefined,
  ) {
    this.#function = fn;
    this.#variables = variables;
    this.#cpuShare = cpuShare;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: Error) => this.#settle?.reject(error));
    });
  }

  /**
   * @param variables in addition to those that the deployment sets, and over them
   * @param cpuShare how much of a processor it gets; all that there is without one
   */
  static async open(
    fn: PackagedFunction,
    variables: Readonly<Record<string, string>>,
    cpuShare?: CpuShare,
  ): Promise<Environment> {
    const environment = new Environment(fn, variables, cpuShare);
    environment.#server.listen(0, '127.0.0.1');
    await once(environment.#server, 'listening');
    return environment;
  }

  /** @throws Error when the function can't be loaded, throws, ends, or does not answer */
  async invoke(event: unknown): Promise<Invocation> {
    const answer = new Promise<Invocation>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const timer = setTimeout(
      () => this.#settle?.reject(new Error(`${this.#function.name}: no answer`)),
      PATIENCE_MS,
    );
    this.#event = event;
    if (this.#process) this.#handOver();
    else this.#start();
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#process;
    this.#settle = undefined;
    this.#server.closeAllConnections(); // at which the process ends
    if (running && running.exitCode === null && running.signalCode === null) {
      const timer = setTimeout(() => running.kill('SIGKILL'), PATIENCE_MS);
      await once(running, 'exit');
      clearTimeout(timer);
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #start(): void {
    const { name, handler, memoryMb, taskRoot, variables } = this.#function;
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
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#cpuShare?.hold(child.pid ?? 0);
    this.#process = child;
    child.stdout.resume();
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    child.once('error', (error) => this.#settle?.reject(error));
    child.once('exit', (code) =>
      this.#settle?.reject(new Error(`${name}: the process ended (${code}). ${errors}`)),
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
    this.#settle?.resolve({
      response: JSON.parse(body),
      answeredMs,
      cpuMs: Number(request.headers['bench-cpu-us']) / 1_000,
      peakMb: (Number(request.headers['bench-max-rss-kb']) * 1_024) / 1_000_000,
    });
  }

  /** Gives the waiting event to the waiting process, once there are both. */
  #handOver(): void {
    if (!this.#poll || this.#event === undefined) return;
    const body = JSON.stringify(this.#event);
    this.#poll
      .writeHead(200, {
        'Content-Length': Buffer.byteLength(body),
        'Lambda-Runtime-Aws-Request-Id': crypto.randomUUID(),
        'Lambda-Runtime-Deadline-Ms': Date.now() + 10_000,
      })
      .end(body);
    this.#poll = undefined;
    this.#event = undefined;
  }
}

/**
 * The flags that Lambda starts Node with: a tenth of the memory for young objects (two semi-spaces),
 * the rest for old ones, and no `require` of ES modules. As in `/var/runtime/bootstrap`.
 */
export function lambdaFlags(memoryMb: number): string[] {
  const young = Math.floor(memoryMb / 10);
  return [
    '--no-experimental-require-module',
    '--no-experimental-detect-module',
    '--max-http-header-size=81920',
    `--max-semi-space-size=${Math.floor(young / 2)}`,
    `--max-old-space-size=${memoryMb - young}`,
  ];
}
