import { type Bench, compare, measureInTurns, type PartResult, type Turns } from './measure.ts';
import { measureWarm, workloads } from './workload.ts';

/** Against the one store call alone. */
const LIMIT = 1.3;
/** Past the first call, which loads lazy modules. */
const CALLS = { warmUp: 0, measured: 200 };

/** Peak resident memory of a whole function process, as the operating system accounts it. */
export async function measureMemory({ store, packages }: Bench, turns: Turns): Promise<PartResult> {
  const { logout, bareDelete } = await workloads(packages);
  const costs = await measureInTurns([logout, bareDelete], turns, (each) =>
    measureWarm(each, store, CALLS),
  );
  const samples = (name: string) => costs(name).map(({ peakMb }) => peakMb);
  const reference = { name: bareDelete.name, samples: samples(bareDelete.name) };
  const what = `peak memory of a function, ${CALLS.measured} logouts`;
  return { rows: [compare(what, 'MB', samples(logout.name), reference, { limit: LIMIT })] };
}
