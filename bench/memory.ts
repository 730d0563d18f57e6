import { logoutEvent } from './event.ts';
import { buildBare } from './naive/build.ts';
import { type PackagedFunction, packageFunctions } from './packaged.ts';
import { measure, type Row } from './row.ts';
import { Environment } from './runtime-api.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, type LiveSession, openBenchStore } from './store.ts';

/** From the issue, against the one store call alone. */
const MEMORY_LIMIT = 1.3;
/** Answers of one process before its memory is read: past the first, which loads what was lazy. */
const CALLS = 200;

interface Subject {
  readonly name: 'logout' | 'DeleteCommand';
  readonly fn: PackagedFunction;
  readonly event: (live: LiveSession) => unknown;
}

/** Peak resident memory of a whole function process, as the operating system accounts it. */
export async function memoryRows({
  runs,
  progress,
}: {
  runs: number;
  progress: (line: string) => void;
}): Promise<Row[]> {
  await using store = await openBenchStore();
  await using packages = await packageFunctions();
  const { logout } = packages.functions;
  const bareDelete = await buildBare('delete', logout, packages.directory);
  const subjects: Subject[] = [
    { name: 'logout', fn: logout, event: ({ token }) => logoutEvent(token) },
    { name: 'DeleteCommand', fn: bareDelete, event: ({ session }) => session },
  ];
  const peaks = { logout: [] as number[], DeleteCommand: [] as number[] };
  await interleaved(subjects, runs, async (subject, run) => {
    const peakMb = await peakOf(subject, store);
    peaks[subject.name].push(peakMb);
    progress(`run ${run + 1} of ${runs}: ${subject.name}: ${peakMb.toFixed(0)} MB`);
  });
  const ours = measure(peaks.logout);
  const reference = measure(peaks.DeleteCommand);
  return [
    {
      what: `peak memory of a function, ${CALLS} logouts`,
      ours,
      reference,
      referenceName: 'bare DeleteCommand',
      ratio: ours.median / reference.median,
      limit: MEMORY_LIMIT,
      unit: 'MB',
    },
  ];
}

async function peakOf({ name, fn, event }: Subject, store: BenchStore): Promise<number> {
  const variables = { ...store.variables, ...store.secretVariables.environment };
  await using environment = await Environment.open(fn, variables);
  let peakMb = Number.NaN;
  for (const live of await store.begin(CALLS)) {
    const { response, peakMb: peak } = await environment.invoke(event(live));
    if (response.statusCode !== 200) throw new Error(`${name}: ${JSON.stringify(response)}`);
    peakMb = peak;
  }
  return peakMb;
}
