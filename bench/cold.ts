import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { logoutEvent } from './event.ts';
import { buildBare, buildNaive, type NaiveForm } from './naive/build.ts';
import { type PackagedFunction, packageFunctions } from './packaged.ts';
import { measure, type Row } from './row.ts';
import { Environment } from './runtime-api.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, openBenchStore } from './store.ts';
import { openTlsFront } from './tls.ts';

/** The time that logout adds to a bare handler's cold start, against what the naive bundle adds. */
const COLD_LIMIT = 0.4;
/** All code in the package of logout, minified, without its map. */
const BUNDLE_LIMIT_KB = 200;

interface Subject {
  readonly name: 'bare' | 'ours' | NaiveForm;
  readonly fn: PackagedFunction;
}

interface ColdStart {
  readonly totalMs: number;
  readonly cpuMs: number;
}

type Starts = ReadonlyMap<Subject['name'], readonly ColdStart[]>;

/**
 * Cold starts: whole processes, from before they are started to the first answered logout, whose
 * session must be gone. Under three conditions: the secret in the environment, in SSM (a second
 * service to call, as deployed by default), and with TLS to the store, as there is in AWS.
 *
 * What naive/build.ts calls `plain` is the naive bundle of the target; the other forms are there so
 * that one sees how much of the ratio is one option or another.
 */
export async function coldRows({
  runs,
  progress,
}: {
  runs: number;
  progress: (line: string) => void;
}): Promise<Row[]> {
  await using store = await openBenchStore();
  await using packages = await packageFunctions();
  const { AWS_ENDPOINT_URL_DYNAMODB = '' } = store.variables;
  await using tls = await openTlsFront({ AWS_ENDPOINT_URL_DYNAMODB });
  const { directory, functions } = packages;
  const subjects: Subject[] = [
    { name: 'bare', fn: await buildBare('constant', functions.logout, directory) },
    { name: 'ours', fn: functions.logout },
    { name: 'plain', fn: await buildNaive(functions.logout, 'plain', directory) },
    { name: 'CommonJS', fn: await buildNaive(functions.logout, 'CommonJS', directory) },
    { name: 'tree-shaken', fn: await buildNaive(functions.logout, 'tree-shaken', directory) },
  ];
  const { environment, parameter } = store.secretVariables;
  const conditions = {
    'secret in the environment': environment,
    'secret in SSM': parameter,
    'store over TLS': { ...environment, ...tls.variables },
  };
  const rows = [bundleRow(subjects)];
  for (const [condition, variables] of Object.entries(conditions)) {
    const starts = new Map<Subject['name'], ColdStart[]>(subjects.map(({ name }) => [name, []]));
    // One run more, whose values are dropped: it fills the operating system's file cache.
    await interleaved(subjects, runs + 1, async ({ name, fn }, run) => {
      const start = await coldStart(fn, variables, store, name !== 'bare');
      if (run > 0) starts.get(name)?.push(start);
      if (name === 'ours')
        progress(`${condition}: run ${run} of ${runs}: ${start.totalMs.toFixed(1)} ms`);
    });
    rows.push(...coldRowsOf(condition, starts));
  }
  return rows;
}

async function coldStart(
  fn: PackagedFunction,
  variables: Readonly<Record<string, string>>,
  store: BenchStore,
  ends: boolean,
): Promise<ColdStart> {
  const [live] = await store.begin(1);
  if (!live) throw new Error('No session to end');
  await using environment = await Environment.open(fn, { ...store.variables, ...variables });
  const { response, answeredMs, cpuMs } = await environment.invoke(logoutEvent(live.token));
  if (response.statusCode !== 200) throw new Error(`${fn.name}: ${JSON.stringify(response)}`);
  if (ends && (await store.isAlive(live.session)))
    throw new Error(`${fn.name} answered 200, and the session is alive`);
  return { totalMs: answeredMs - environment.startedMs, cpuMs };
}

function coldRowsOf(condition: string, starts: Starts): Row[] {
  const values = (name: Subject['name'], value: keyof ColdStart) =>
    measure((starts.get(name) ?? []).map((start) => start[value]));
  const added = (name: Subject['name'], value: keyof ColdStart) => {
    const bare = values('bare', value).median;
    return measure(values(name, value).samples.map((sample) => sample - bare));
  };
  const row = (what: string, value: keyof ColdStart, form: NaiveForm, limit?: number): Row => {
    const ours = added('ours', value);
    const reference = added(form, value);
    return {
      what: `${what}, ${condition}`,
      ours,
      reference,
      referenceName: `naive bundle, ${form}`,
      ratio: ours.median / reference.median,
      ...(limit === undefined ? {} : { limit }),
      unit: 'ms',
    };
  };
  const ours = values('ours', 'totalMs');
  const bare = values('bare', 'totalMs');
  return [
    row('cold start, added', 'totalMs', 'plain', COLD_LIMIT),
    row('cold start, added', 'totalMs', 'CommonJS'),
    row('cold start, added', 'totalMs', 'tree-shaken'),
    row('CPU of a cold start, added', 'cpuMs', 'plain'),
    {
      what: `process start → first answer, ${condition}`,
      ours,
      reference: bare,
      referenceName: 'bare handler',
      ratio: ours.median / bare.median,
      unit: 'ms',
    },
  ];
}

function bundleRow(subjects: readonly Subject[]): Row {
  const size = (name: Subject['name']) =>
    measure(subjects.filter((subject) => subject.name === name).map(({ fn }) => codeKb(fn)));
  const ours = size('ours');
  const reference = size('plain');
  return {
    what: `code in the package of logout (at most ${BUNDLE_LIMIT_KB} kB)`,
    ours,
    reference,
    referenceName: 'naive bundle, plain',
    ratio: ours.median / reference.median,
    limit: BUNDLE_LIMIT_KB / reference.median,
    unit: 'kB',
  };
}

/** In kilobytes of 1,000 bytes: everything that can be loaded, should it ever be more than one file. */
function codeKb({ taskRoot }: PackagedFunction): number {
  const bytes = readdirSync(taskRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?js$/.test(file))
    .map((file) => statSync(join(taskRoot, file)).size);
  return bytes.reduce((sum, size) => sum + size, 0) / 1_000;
}
