import { durationDollars, MEMORY_MB, otherDollars, STORE_MS } from '../support/prices.ts';
import { cpuShareOf } from './cpu-share.ts';
import { Environment } from './environment.ts';
import {
  type Bench,
  compare,
  measure,
  measureInTurns,
  type PartResult,
  type Turns,
} from './measure.ts';
import { figures, table } from './report.ts';
import type { BenchStore } from './store.ts';
import { measureWarm, type Workload, workloads } from './workload.ts';

/** Calls of a warm process. */
const CALLS = { warmUp: 600, measured: 200 };

/**
 * What Lambda bills for, by memory: each process runs under the processor share of its memory, one call after
 * the other, so that no call finds time left over from a pause.
 *
 * @throws Error where the kernel refuses the share
 */
export async function measureCost({ store, packages }: Bench, turns: Turns): Promise<PartResult> {
  const { logout, bareDelete, check, bareBatchGet } = await workloads(packages);
  // A row is below 1 KB. A check reads two keys: the session's and its user's cutoff, there or not.
  const requests = [
    { ours: logout, bare: bareDelete, units: { writeUnits: 1, readUnits: 0 } },
    { ours: check, bare: bareBatchGet, units: { writeUnits: 0, readUnits: 2 } },
  ];
  const withMemory = (each: Workload, memoryMb: number) => ({
    ...each,
    fn: { ...each.fn, memoryMb },
  });
  const subjects = MEMORY_MB.flatMap((memoryMb) =>
    requests.map(({ ours, bare, units }) => ({
      ...{ memoryMb, units },
      name: `${ours.name}, ${memoryMb} MB`,
      ours: withMemory(ours, memoryMb),
      bare: withMemory(bare, memoryMb),
    })),
  );
  const bills = await measureInTurns(subjects, turns, (subject) => billOf(subject, store));
  type Bill = Awaited<ReturnType<typeof billOf>>;
  const samples = (name: string, value: keyof Bill) => bills(name).map((bill) => bill[value]);
  /** The table of docs/cost.md. */
  const dollars = subjects.map(({ name, memoryMb, ours, units }) => {
    const billed = measure(samples(name, 'billed'));
    const cold = measure(samples(name, 'cold'));
    const logBytes = measure(samples(name, 'logBytes')).median;
    const duration = durationDollars(billed.median + STORE_MS, memoryMb);
    const others = Object.values(otherDollars({ ...units, logBytes }));
    const all = others.reduce((sum, each) => sum + each, duration);
    return [
      ...[ours.name, memoryMb, figures(billed, 1), figures(cold, 1)],
      ...[logBytes.toFixed(0), duration.toFixed(3), all.toFixed(2)],
    ];
  });
  const head = ['request', 'MB', 'billed, warm (ms)', 'cold start (ms)', 'own log (bytes)'];
  return {
    rows: subjects.map(({ name }) =>
      compare(`billed time of a ${name}`, 'ms', samples(name, 'billed'), {
        name: 'the bare store call',
        samples: samples(name, 'bareBilled'),
      }),
    ),
    notes: [
      '## Dollars of a million requests',
      '',
      `With ${STORE_MS} ms more for DynamoDB; support/prices.ts has the prices.`,
      '',
      ...table([...head, 'duration ($)', 'all ($)'], dollars),
    ].join('\n'),
  };
}

/** @returns milliseconds, and bytes of log a call */
async function billOf(
  { memoryMb, ours, bare }: Readonly<Record<'ours' | 'bare', Workload>> & { memoryMb: number },
  store: BenchStore,
) {
  using share = cpuShareOf(memoryMb);
  const warm = await measureWarm(ours, store, CALLS, share);
  const { billedMs: bareBilled } = await measureWarm(bare, store, CALLS, share);
  const live = await store.beginOne();
  await using environment = new Environment(ours.fn, store.variables, share);
  // From the start of the process, as init is billed too.
  const operation = ours.operation ?? '';
  const { sinceStartMs: cold } = await store.expectCalls(ours.name, { [operation]: 1 }, () =>
    environment.invoke(ours.event(live)),
  );
  return { billed: warm.billedMs, bareBilled, cold, logBytes: warm.logBytes };
}
