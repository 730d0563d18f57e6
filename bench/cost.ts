import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import {
  type Consumption,
  durationDollars,
  MEMORY_MB,
  otherDollars,
  STORE_MS,
} from '../support/prices.ts';
import { canShareCpu, cpuShareOf } from './cpu-share.ts';
import { logoutEvent, meEvent } from './event.ts';
import { buildBare } from './naive/build.ts';
import { type PackagedFunction, packageFunctions } from './packaged.ts';
import { type Measure, measure, type Row } from './row.ts';
import { Environment } from './runtime-api.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, type LiveSession, openBenchStore } from './store.ts';
import { requireStoreCalls } from './store-calls.ts';
import { runWarm } from './warm-run.ts';

/** Calls of a warm process: those before V8 has compiled what is hot, and those that count. */
const WARM_UP = 600;
const MEASURED = 200;
const DETAILS = new URL('./results/cost-details.md', import.meta.url);

interface Subject {
  readonly name: 'logout' | 'check';
  readonly fn: PackagedFunction;
  readonly bare: PackagedFunction;
  readonly event: (live: LiveSession) => unknown;
  /** A row is below 1 KB, and a check reads two: the session's and its user's cutoff, there or not. */
  readonly units: Pick<Consumption, 'writeUnits' | 'readUnits'>;
  /** Its one call of the store. */
  readonly operation: 'DeleteItem' | 'BatchGetItem';
}

/** What one subject took at one memory size, a value a run, in milliseconds. */
interface Bill {
  readonly subject: Subject;
  readonly memoryMb: number;
  readonly billed: number[];
  readonly bareBilled: number[];
  readonly cold: number[];
  readonly logBytes: number[];
}

/**
 * What Lambda bills for, by memory: the processes run under the share of a processor that their memory gives
 * them, one call after the other, so that no call finds time left over from a pause.
 *
 * @throws Error where the share can't be made
 */
export async function costRows({
  runs,
  progress,
}: {
  runs: number;
  progress: (line: string) => void;
}): Promise<Row[]> {
  if (!canShareCpu())
    throw new Error(
      'no control group of CPU time can be made here: Linux, as root, not in a locked container',
    );
  await using store = await openBenchStore();
  await using packages = await packageFunctions();
  const { directory, functions } = packages;
  const { logout, me } = functions;
  const subjects: Subject[] = [
    {
      name: 'logout',
      fn: logout,
      bare: await buildBare('delete', logout, directory),
      event: ({ token }) => logoutEvent(token),
      units: { writeUnits: 1, readUnits: 0 },
      operation: 'DeleteItem',
    },
    {
      name: 'check',
      fn: me,
      bare: await buildBare('batch-get', me, directory),
      event: ({ token }) => meEvent(token),
      units: { writeUnits: 0, readUnits: 2 },
      operation: 'BatchGetItem',
    },
  ];
  const bills = MEMORY_MB.flatMap((memoryMb) =>
    subjects.map(
      (subject): Bill => ({
        subject,
        memoryMb,
        billed: [],
        bareBilled: [],
        cold: [],
        logBytes: [],
      }),
    ),
  );
  await interleaved(bills, runs, async (bill, run) => {
    const { subject, memoryMb } = bill;
    const warm = await warmRun(store, subject, subject.fn, memoryMb, subject.event);
    const bare = await warmRun(store, subject, subject.bare, memoryMb, ({ session }) => session);
    const cold = await coldStart(store, subject, memoryMb);
    bill.billed.push(warm.billedMs);
    bill.logBytes.push(warm.logBytes);
    bill.bareBilled.push(bare.billedMs);
    bill.cold.push(cold);
    progress(
      `run ${run + 1} of ${runs}: ${subject.name}, ${memoryMb} MB: ${warm.billedMs.toFixed(1)} ms, cold ${cold.toFixed(0)} ms`,
    );
  });
  writeFileSync(DETAILS, details(runs, bills));
  return bills.map(row);
}

async function warmRun(
  store: BenchStore,
  { name, operation }: Subject,
  fn: PackagedFunction,
  memoryMb: number,
  event: (live: LiveSession) => unknown,
) {
  using share = cpuShareOf(memoryMb);
  const calls = WARM_UP + MEASURED;
  const events = (await store.begin(calls)).map(event);
  const variables = { ...store.variables, ...store.secretVariables.environment };
  const before = await store.counts();
  const result = await runWarm(
    { ...fn, memoryMb },
    variables,
    { warmUp: events.slice(0, WARM_UP), measured: events.slice(WARM_UP) },
    share,
  );
  if (result.statuses[200] !== calls)
    throw new Error(`${fn.name}: ${JSON.stringify(result.statuses)}`);
  requireStoreCalls(name, { [operation]: calls }, before, await store.counts());
  return result;
}

/** From the start of the process to the first answer, as init is billed too. */
async function coldStart(
  store: BenchStore,
  { name, fn, event, operation }: Subject,
  memoryMb: number,
): Promise<number> {
  using share = cpuShareOf(memoryMb);
  const [live] = await store.begin(1);
  if (!live) throw new Error('No session');
  const variables = { ...store.variables, ...store.secretVariables.environment };
  const before = await store.counts();
  await using environment = await Environment.open({ ...fn, memoryMb }, variables, share);
  const { response, answeredMs } = await environment.invoke(event(live));
  if (response.statusCode !== 200) throw new Error(`${fn.name}: ${JSON.stringify(response)}`);
  requireStoreCalls(name, { [operation]: 1 }, before, await store.counts());
  return answeredMs - environment.startedMs;
}

function row({ subject, memoryMb, billed, bareBilled }: Bill): Row {
  const ours = measure(billed);
  const reference = measure(bareBilled);
  return {
    what: `billed time of a ${subject.name}, ${memoryMb} MB`,
    ours,
    reference,
    referenceName: 'the bare store call',
    ratio: ours.median / reference.median,
    unit: 'ms',
  };
}

function details(runs: number, bills: readonly Bill[]): string {
  const [cpu] = cpus();
  const line = ({ subject, memoryMb, billed, cold, logBytes }: Bill) => {
    const billedMs = measure(billed);
    const duration = durationDollars(billedMs.median + STORE_MS, memoryMb);
    const others = otherDollars({ ...subject.units, logBytes: measure(logBytes).median });
    const total = Object.values(others).reduce((sum, each) => sum + each, duration);
    return `| ${subject.name} | ${memoryMb} | ${figures(billedMs)} | ${figures(measure(cold))} | ${duration.toFixed(3)} | ${total.toFixed(2)} |`;
  };
  const others = bills.slice(0, 2).map(({ subject, logBytes }) => {
    const bytes = measure(logBytes).median;
    const dollars = Object.entries(otherDollars({ ...subject.units, logBytes: bytes }))
      .map(([name, each]) => `${name} ${each.toFixed(3)}`)
      .join(', ');
    return `- a ${subject.name}, beside its duration: ${dollars} (${bytes.toFixed(0)} bytes of its own log)`;
  });
  return [
    '# What a million requests cost',
    '',
    `- ${new Date().toISOString()}, ${cpus().length} × ${cpu?.model.trim()}, Node ${process.version}`,
    `- Medians of ${runs} runs of ${MEASURED} warm calls each, with the least and the most`,
    `- Dollars of a million, with ${STORE_MS} ms more for DynamoDB; bench/prices.ts has the prices`,
    ...others,
    '',
    '| request | MB | billed, warm (ms) | cold start (ms) | duration ($) | all ($) |',
    '| --- | --: | --: | --: | --: | --: |',
    ...bills.map(line),
    '',
  ].join('\n');
}

function figures({ median, min, max }: Measure): string {
  return `${median.toFixed(1)} (${min.toFixed(1)}–${max.toFixed(1)})`;
}
