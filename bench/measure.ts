import type { Packages } from './packaged.ts';
import type { BenchStore } from './store.ts';

/** What the runs of one measurement gave, in the unit of its row. */
export interface Measure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One value a run, in the order of the runs. */
  readonly samples: readonly number[];
}

/** One line of the report: ours beside a reference that was measured in the same turns. */
export interface Row {
  /** For example `CPU of a warm logout`. */
  readonly what: string;
  readonly ours: Measure;
  readonly reference: Measure;
  /** For example `bare DeleteCommand`. */
  readonly referenceName: string;
  /** Ours against the reference. Less is better: for a throughput the reference against ours. */
  readonly ratio: number;
  /** The target, for `ratio`. A row without a target only informs. */
  readonly limit?: number | undefined;
  /** Of both measures, for example `ms`. */
  readonly unit: string;
}

/**
 * Summarizes the runs of a measurement.
 *
 * @throws RangeError for no run or a value that is no number, as the report would claim what was not measured
 */
export function measure(samples: readonly number[]): Measure {
  if (samples.length === 0 || !samples.every(Number.isFinite))
    throw new RangeError(`Not a measurement: [${samples.join(', ')}]`);
  const [min, median, max] = [0, 0.5, 1].map((share) => quantile(samples, share));
  return { median: median ?? NaN, min: min ?? NaN, max: max ?? NaN, samples };
}

/**
 * The value that a share of the samples does not exceed, interpolated between neighbours.
 *
 * @param share from 0 to 1
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? NaN;
  const above = sorted[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Makes a row of the samples of ours and of a reference. */
export function compare(
  what: string,
  unit: string,
  ourSamples: readonly number[],
  reference: { readonly name: string; readonly samples: readonly number[] },
  options: { readonly limit?: number | undefined; readonly moreIsBetter?: boolean } = {},
): Row {
  const ours = measure(ourSamples);
  const other = measure(reference.samples);
  const { limit, moreIsBetter = false } = options;
  const ratio = moreIsBetter ? other.median / ours.median : ours.median / other.median;
  return { what, unit, ours, reference: other, referenceName: reference.name, ratio, limit };
}

/** Whether a row has a target and is above it. A ratio that is no number misses. */
export function isMissed({ ratio, limit }: Row): boolean {
  return limit !== undefined && !(ratio <= limit);
}

/** What a part works with: a store of its own, and the packages of all. */
export interface Bench {
  readonly store: BenchStore;
  readonly packages: Packages;
}

export interface PartResult {
  readonly rows: readonly Row[];
  /** Markdown for the end of the report. */
  readonly notes?: string | undefined;
}

/** How often the run loop measures each subject, and where it reports progress. */
export interface Turns {
  readonly runs: number;
  readonly progress: (line: string) => void;
}

/**
 * The run loop of every part: measures all subjects in turns, so that a disturbance of the machine meets all
 * alike. Every other run goes backwards, so that no subject always follows the same neighbour.
 *
 * @param warmUps runs before those that count; their values are dropped
 * @returns the values of a subject by its name, one a run
 */
export async function measureInTurns<Subject extends { readonly name: string }, Value>(
  subjects: readonly Subject[],
  { runs, progress }: Turns,
  once: (subject: Subject, isWarmUp: boolean) => Promise<Value>,
  warmUps = 0,
): Promise<(name: string) => readonly Value[]> {
  const values = new Map<string, Value[]>(subjects.map(({ name }) => [name, []]));
  for (let run = 1 - warmUps; run <= runs; run += 1) {
    const order = run % 2 === 0 ? subjects.toReversed() : subjects;
    for (const subject of order) {
      progress(run < 1 ? `warm-up: ${subject.name}` : `run ${run} of ${runs}: ${subject.name}`);
      const value = await once(subject, run < 1);
      if (run >= 1) values.get(subject.name)?.push(value);
    }
  }
  return (name) => values.get(name) ?? [];
}
