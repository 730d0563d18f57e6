/** What several runs of one measurement gave, in the unit of its row. */
export interface Measure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One value a run, in the order of the runs. */
  readonly samples: readonly number[];
}

/**
 * Sums up the runs of a measurement.
 *
 * @throws RangeError for no run, or a value that is no number: a row of the table would claim what
 *   was not measured
 */
export function measure(samples: readonly number[]): Measure {
  if (samples.length === 0 || !samples.every(Number.isFinite))
    throw new RangeError(`Not a measurement: [${samples.join(', ')}]`);
  return {
    median: quantile(samples, 0.5),
    min: Math.min(...samples),
    max: Math.max(...samples),
    samples,
  };
}

/**
 * The value that a share of the samples does not exceed, interpolated between neighbours.
 *
 * @param share from 0 to 1
 */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Calls once a run for every subject, in turns, so that whatever the machine does meanwhile hits all alike. */
export async function interleaved<Subject>(
  subjects: readonly Subject[],
  runs: number,
  once: (subject: Subject, run: number) => Promise<void>,
): Promise<void> {
  for (let run = 0; run < runs; run += 1) {
    // Every other run goes backwards: no subject always follows the same neighbour.
    const order = run % 2 === 0 ? subjects : subjects.toReversed();
    for (const subject of order) await once(subject, run);
  }
}
