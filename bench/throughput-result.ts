import type { Contender } from './contenders.ts';
import type { LoadResult } from './load.ts';
import { type Measure, measure, type Row } from './row.ts';

export type Operation = 'logout' | 'check';

/** What one run of one operation on one contender gave. */
export interface Sample extends LoadResult {
  /** CPU of the contender's process, in milliseconds a request. */
  readonly serverCpuMs: number;
  /** Requests to the store a request. */
  readonly storeCalls: number;
  /** CPU of each process against the run's time: one that is near 1 is what bounds the run. */
  readonly serverBusy: number;
  readonly storeBusy: number;
  readonly loadBusy: number;
  /** The same for all else that runs on the machine: the run is worth the less, the more it is. */
  readonly othersBusy: number;
}

export interface Result {
  readonly contender: Pick<Contender, 'name' | 'versions' | 'role'>;
  readonly samples: Readonly<Record<Operation, readonly Sample[]>>;
}

const TITLES: Readonly<Record<Operation, string>> = {
  logout: 'logout over HTTP',
  check: 'check over HTTP',
};
/** Ours is ahead of a peer when the ratio, where less is better, is at most this. */
const LIMIT = 1;

/** Compares ours with everything else that was measured; only peers have a limit, and not in CPU. */
export function rowsOf(results: readonly Result[]): Row[] {
  const ours = results.find(({ contender }) => contender.role === 'ours');
  if (!ours) throw new Error('Ours was not measured');
  const others = results.filter((result) => result !== ours);
  return (['logout', 'check'] as const).flatMap((operation) => [
    ...others.map((other) => speedRow(operation, ours, other)),
    ...others.map((other) => costRow(operation, 'p99Ms', ours, other)),
    ...others.map((other) => costRow(operation, 'serverCpuMs', ours, other)),
  ]);
}

function speedRow(operation: Operation, ours: Result, other: Result): Row {
  const ourSpeed = measureOf(ours, operation, 'requestsPerSecond');
  const theirSpeed = measureOf(other, operation, 'requestsPerSecond');
  return {
    what: `${TITLES[operation]}, throughput`,
    ours: ourSpeed,
    reference: theirSpeed,
    referenceName: nameOf(other),
    ratio: theirSpeed.median / ourSpeed.median,
    ...(other.contender.role === 'peer' ? { limit: LIMIT } : {}),
    unit: 'requests/s',
  };
}

function costRow(
  operation: Operation,
  value: 'p99Ms' | 'serverCpuMs',
  ours: Result,
  other: Result,
): Row {
  const ourCost = measureOf(ours, operation, value);
  const theirCost = measureOf(other, operation, value);
  return {
    what: `${TITLES[operation]}, ${value === 'p99Ms' ? 'p99' : 'CPU of the server a request'}`,
    ours: ourCost,
    reference: theirCost,
    referenceName: nameOf(other),
    ratio: ourCost.median / theirCost.median,
    ...(other.contender.role === 'peer' && value === 'p99Ms' ? { limit: LIMIT } : {}),
    unit: 'ms',
  };
}

/** One Markdown table an operation, with what the rows leave out. */
export function tables(results: readonly Result[]): string {
  return (['logout', 'check'] as const)
    .map((operation) =>
      [
        `## ${TITLES[operation]}`,
        '',
        '| | requests/s | p99, ms | server CPU a request, ms | store requests each | server busy | store busy | load busy | all else |',
        '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
        ...results.map((result) => tableLine(result, operation)),
        '',
      ].join('\n'),
    )
    .join('\n');
}

function tableLine(result: Result, operation: Operation): string {
  const cell = (value: keyof Sample, digits: number) => {
    const { median, min, max } = measureOf(result, operation, value);
    return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
  };
  const percent = (value: keyof Sample) =>
    `${(measureOf(result, operation, value).median * 100).toFixed(0)} %`;
  const cells = [
    `${result.contender.name}: ${result.contender.versions.join(', ')}`,
    cell('requestsPerSecond', 0),
    cell('p99Ms', 1),
    cell('serverCpuMs', 2),
    measureOf(result, operation, 'storeCalls').median.toFixed(2),
    percent('serverBusy'),
    percent('storeBusy'),
    percent('loadBusy'),
    percent('othersBusy'),
  ];
  return `| ${cells.join(' | ')} |`;
}

function measureOf({ samples }: Result, operation: Operation, value: keyof Sample): Measure {
  return measure(samples[operation].map((sample) => sample[value]));
}

/** With the version of what the contender is named after; the tables have all of them. */
function nameOf({ contender: { name, role, versions } }: Result): string {
  return role === 'front' ? name : `${name} ${versions[0]?.split(' ')[1]}`;
}
