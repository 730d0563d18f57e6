import { statSync } from 'node:fs';
import { join } from 'node:path';
import { logoutEvent } from './event.ts';
import { buildNaive } from './naive/build.ts';
import { type PackagedFunction, packageFunctions } from './packaged.ts';
import { measure, type Row } from './row.ts';
import { Environment } from './runtime-api.ts';
import { interleaved } from './statistics.ts';
import { type BenchStore, openBenchStore } from './store.ts';

/** From the issue: the time that log-out adds to a bare handler's cold start, against the naive bundle's. */
const COLD_LIMIT = 0.4;
/** Of the bundle of log-out, minified, without its map. */
const BUNDLE_LIMIT_KB = 200;

interface Subject {
  readonly name: 'bare' | 'ours' | 'naive' | 'naive CommonJS';
  readonly fn: PackagedFunction;
}

interface ColdStart {
  readonly totalMs: number;
  readonly cpuMs: number;
}

/**
 * Cold starts: whole processes, from before they are started to the first answered log-out, whose
 * session must be gone. Loopback has no TLS and no distance to the store; both come on top, alike.
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
  const { logout, bareConstant } = packages.functions;
  const esm = await buildNaive(logout, 'esm', packages.directory);
  const cjs = await buildNaive(logout, 'cjs', packages.directory);
  const subjects: Subject[] = [
    { name: 'bare', fn: bareConstant },
    { name: 'ours', fn: logout },
    { name: 'naive', fn: esm },
    { name: 'naive CommonJS', fn: cjs },
  ];
  const rows: Row[] = [bundleRow(logout, esm)];
  for (const [source, secret] of Object.entries(store.secretVariables)) {
    const starts = new Map<string, ColdStart[]>(subjects.map(({ name }) => [name, []]));
    // One run more, whose values are dropped: it fills the operating system's file cache.
    await interleaved(subjects, runs + 1, async ({ name, fn }, run) => {
      const start = await coldStart(fn, { ...store.variables, ...secret }, store, name !== 'bare');
      if (run > 0) starts.get(name)?.push(start);
      if (name === 'ours')
        progress(`secret in ${source}: run ${run} of ${runs}: ${start.totalMs.toFixed(1)} ms`);
    });
    rows.push(...coldRowsOf(`secret in ${source}`, starts));
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
  await using environment = await Environment.open(fn, variables);
  const { response, answeredMs, cpuMs } = await environment.invoke(logoutEvent(live.token));
  if (response.statusCode !== 200) throw new Error(`${fn.name}: ${JSON.stringify(response)}`);
  if (ends && (await store.isAlive(live.session)))
    throw new Error(`${fn.name} answered 200, and the session is alive`);
  return { totalMs: answeredMs - environment.startedMs, cpuMs };
}

function coldRowsOf(condition: string, starts: ReadonlyMap<string, readonly ColdStart[]>): Row[] {
  const times = (name: Subject['name'], value: keyof ColdStart) =>
    measure((starts.get(name) ?? []).map((start) => start[value]));
  const added = (name: Subject['name'], value: keyof ColdStart) => {
    const bare = times('bare', value).median;
    return measure(times(name, value).samples.map((sample) => sample - bare));
  };
  const row = (
    what: string,
    value: keyof ColdStart,
    reference: Subject['name'],
    limit?: number,
  ): Row => {
    const ours = added('ours', value);
    const theirs = added(reference, value);
    return {
      what: `${what}, ${condition}`,
      ours,
      reference: theirs,
      referenceName: `${reference} bundle`,
      ratio: ours.median / theirs.median,
      ...(limit === undefined ? {} : { limit }),
      unit: 'ms',
    };
  };
  const ours = times('ours', 'totalMs');
  const bare = times('bare', 'totalMs');
  return [
    row('cold start, added to a bare handler', 'totalMs', 'naive', COLD_LIMIT),
    row('cold start, added to a bare handler', 'totalMs', 'naive CommonJS'),
    row('CPU of a cold start, added to a bare handler', 'cpuMs', 'naive'),
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

function bundleRow(logout: PackagedFunction, naive: PackagedFunction): Row {
  const ours = measure([bundleKb(logout, 'cjs')]);
  const theirs = measure([bundleKb(naive, 'mjs')]);
  return {
    what: `bundle of log-out, minified (at most ${BUNDLE_LIMIT_KB} kB)`,
    ours,
    reference: theirs,
    referenceName: 'naive bundle',
    ratio: ours.median / theirs.median,
    limit: BUNDLE_LIMIT_KB / theirs.median,
    unit: 'kB',
  };
}

/** In kilobytes of 1,000 bytes. */
function bundleKb({ taskRoot, handler }: PackagedFunction, extension: string): number {
  return statSync(join(taskRoot, `${handler.split('.')[0]}.${extension}`)).size / 1_000;
}
