import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { nextEvent, stop } from '../support/processes.ts';
import type { CpuShare } from './cpu-share.ts';
import type { PackagedFunction } from './packaged.ts';

/** A function's answer, as bootstrap.mjs sends it. */
interface Answer {
  readonly response: Readonly<Record<string, unknown>>;
  /** CPU time of the whole process up to the answer, user and system, in milliseconds. */
  readonly cpuMs: number;
  /** Peak resident memory of the process so far, in megabytes (10^6 bytes). */
  readonly peakMb: number;
}

export interface Invocation extends Omit<Answer, 'response'> {
  /** From before the start of the process to the arrival of the answer, in milliseconds. */
  readonly sinceStartMs: number;
}

/** The result of `measureWarm` in bootstrap.mjs, the peak of memory, and the bytes of log a call. */
export interface WarmCost {
  readonly cpuUs: number;
  readonly wallUs: number;
  readonly billedMs: number;
  readonly peakMb: number;
  readonly logBytes: number;
}

const BOOTSTRAP = fileURLToPath(new URL('./bootstrap.mjs', import.meta.url));

/** One execution environment: a process with the flags and variables of Lambda. */
export class Environment implements AsyncDisposable {
  readonly #startedMs = performance.now();
  /** A file, since the cost of writing to a pipe depends on its reader. */
  readonly #log: number;
  readonly #name: string;
  readonly #process: ChildProcess;

  /**
   * Starts the process.
   *
   * @param variables override the variables of the deployment
   * @param cpuShare share of a processor; a whole processor by default
   */
  constructor(
    { name, handler, memoryMb, taskRoot, variables: deployed }: PackagedFunction,
    variables: Readonly<Record<string, string>>,
    cpuShare?: CpuShare,
  ) {
    this.#name = name;
    this.#log = openSync(`${taskRoot}.log`, 'w');
    this.#process = fork(BOOTSTRAP, {
      cwd: taskRoot,
      execArgv: lambdaFlags(memoryMb),
      env: {
        PATH: process.env.PATH,
        ...deployed,
        ...variables,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        LAMBDA_TASK_ROOT: taskRoot,
        _HANDLER: handler,
      },
      stdio: ['ignore', this.#log, 'inherit', 'ipc'],
    });
    cpuShare?.hold(this.#process.pid ?? 0);
  }

  /**
   * Calls the function with an event. The event of the first call waits for the process.
   *
   * @throws Error when the function cannot be loaded, throws, or answers another status than 200
   */
  async invoke(event: object): Promise<Invocation> {
    const { response, ...used } = await this.#send(event);
    if (response.statusCode !== 200) throw new Error(`${this.#name}: ${JSON.stringify(response)}`);
    return { ...used, sinceStartMs: performance.now() - this.#startedMs };
  }

  /**
   * Calls the function with each event in turn, in a process that does nothing else.
   *
   * @param warmUp events before the measured ones, for V8 to compile the hot code
   * @throws Error unless every answer is a 200
   */
  async measureWarm(warmUp: readonly unknown[], measured: readonly unknown[]): Promise<WarmCost> {
    const { response, peakMb } = await this.#send({ warmUp, measured });
    const { statuses, ...cost } = response as unknown as Omit<WarmCost, 'logBytes' | 'peakMb'> & {
      readonly statuses: Readonly<Record<string, number>>;
    };
    const calls = warmUp.length + measured.length;
    if (statuses[200] !== calls)
      throw new Error(`${this.#name} answered ${JSON.stringify(statuses)}`);
    return { ...cost, peakMb, logBytes: fstatSync(this.#log).size / calls };
  }

  async #send(event: object): Promise<Answer> {
    const answered = nextEvent<Answer>(this.#process, 'message');
    this.#process.send(event);
    return answered;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stop(this.#process);
    closeSync(this.#log);
  }
}

/**
 * Lambda's flags for Node (`/var/runtime/bootstrap`): a tenth of the memory for young objects
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
