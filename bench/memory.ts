import { Environment } from './environment.ts';
import { compare, measureInTurns, type Turns } from './measure.ts';
import type { Bench, PartResult } from './part.ts';
import type { BenchStore } from './store.ts';
import { type Workload, workloads } from './workload.ts';

/** Against the one store call alone. */
const LIMIT = 1.3;
/** Answers of one process before its memory is read: past the first, which loads lazy modules. */
const CALLS = 200;

/** Peak resident memory of a whole function process, as the operating system accounts it. */
export async function measureMemory({ store, packages }: Bench, turns: Turns): Promise<PartResult> {
  const { logout, bareDelete } = await workloads(packages);
  const peaks = await measureInTurns([logout, bareDelete], turns, (each) => peakMb(each, store));
  const reference = { name: bareDelete.name, samples: peaks(bareDelete.name) };
  const what = `peak memory of a function, ${CALLS} logouts`;
  return { rows: [compare(what, 'MB', peaks(logout.name), reference, { limit: LIMIT })] };
}

async function peakMb({ fn, event }: Workload, store: BenchStore): Promise<number> {
  await using environment = new Environment(fn, store.variables);
  let peak = NaN;
  for (const live of await store.begin(CALLS)) {
    peak = (await environment.succeed(event(live))).peakMb;
  }
  return peak;
}
