import { fork } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nextEvent, stop } from '../../support/processes.ts';
import { meEvent } from '../event.ts';
import { type PackagedFunction, packageFunctions } from '../packaged.ts';
import { lambdaFlags } from '../runtime-api.ts';
import { type Measure, measure, quantile } from '../statistics.ts';
import { type BenchStore, openBenchStore } from '../store.ts';

/** What the authorizer's check takes beside that of `/me`: p50s of wall time, in microseconds. */
export interface Overhead {
  readonly me: Measure;
  readonly authorizer: Measure;
  /** The authorizer's p50 against that of `/me`, a value a run. */
  readonly ratio: Measure;
  /** Calls of each function in a run. */
  readonly calls: number;
}

interface Times {
  readonly me: readonly number[];
  readonly authorizer: readonly number[];
}

const RUNS = 5;
/** Calls before those that count: V8 has to have compiled what is hot. */
const WARM_UP = 600;
const MEASURED = 600;

/**
 * Calls both packaged functions in one process, in turns, each time with the same live token: event in,
 * answer out, with the real read of the session and the cutoff from a store in another process.
 *
 * @throws Error when one call did not let the token in, or the signal's reason
 */
export async function measureOverhead({
  signal,
  progress,
}: {
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}): Promise<Overhead> {
  progress('overhead: packaging the functions');
  await using store = await openBenchStore();
  await using packages = await packageFunctions();
  const { me, authorizer } = packages.functions;
  const runs: Times[] = [];
  while (runs.length < RUNS) {
    runs.push(await runOnce(store, packages.directory, me, authorizer));
    progress(`overhead: run ${runs.length} of ${RUNS}`);
    signal.throwIfAborted();
  }
  const p50s = runs.map((times) => ({
    me: quantile(times.me, 0.5),
    authorizer: quantile(times.authorizer, 0.5),
  }));
  return {
    me: measure(p50s.map((run) => run.me)),
    authorizer: measure(p50s.map((run) => run.authorizer)),
    ratio: measure(p50s.map((run) => run.authorizer / run.me)),
    calls: MEASURED,
  };
}

/** The authorizer beside `/me`, and how that was measured. */
export function overheadTable({ me, authorizer, ratio, calls }: Overhead): string {
  const cell = ({ median, min, max }: Measure, digits: number) =>
    `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  return [
    '| authorizer p50, µs | `/me` p50, µs | ratio |',
    '| --: | --: | --: |',
    `| ${cell(authorizer, 0)} | ${cell(me, 0)} | ${cell(ratio, 2)} |`,
    '',
    `Medians of ${ratio.samples.length} runs, with the least and the most; in each a fresh process calls both packaged`,
    `functions ${calls} times, in turns and in both orders, with the same live token: an HTTP API’s authorizer`,
    'event (payload 2.0) and a request to `/me`. It is wall time from event to answer, the store’s read',
    'included. What API Gateway adds for asking an authorizer at all is not in it.',
  ].join('\n');
}

async function runOnce(
  store: BenchStore,
  directory: string,
  me: PackagedFunction,
  authorizer: PackagedFunction,
): Promise<Times> {
  const live = await store.begin(WARM_UP + MEASURED);
  const pairs = live.map(({ token }) => ({ me: meEvent(token), authorizer: checkEvent(token) }));
  const file = join(directory, 'pairs.json');
  writeFileSync(
    file,
    JSON.stringify({ warmUp: pairs.slice(0, WARM_UP), measured: pairs.slice(WARM_UP) }),
  );
  const child = fork(
    new URL('overhead-process.mjs', import.meta.url),
    [modulePath(me), modulePath(authorizer), file],
    {
      execArgv: lambdaFlags(authorizer.memoryMb),
      env: {
        PATH: process.env.PATH,
        ...me.variables,
        ...authorizer.variables,
        ...store.variables,
        ...store.secretVariables.environment,
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  child.stdout?.resume();
  try {
    return await nextEvent<Times>(child, 'message');
  } finally {
    await stop(child);
    rmSync(file);
  }
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html */
function checkEvent(token: string) {
  const { body: _body, isBase64Encoded: _encoded, ...request } = meEvent(token);
  return {
    ...request,
    type: 'REQUEST',
    routeArn: 'arn:aws:execute-api:us-east-1:123456789012:api/$default/GET/orders',
    identitySource: [`Bearer ${token}`],
  };
}

function modulePath({ name, handler, taskRoot }: PackagedFunction): string {
  const [path = ''] = handler.split('.');
  const found = ['.js', '.mjs', '.cjs']
    .map((extension) => join(taskRoot, path + extension))
    .find((candidate) => existsSync(candidate));
  if (!found) throw new Error(`${name} has no module ${path}`);
  return found;
}
