import type { Measure } from './statistics.ts';

export { type Measure, measure } from './statistics.ts';

/** One line of the result: ours beside what it is compared with, measured in the same turns. */
export interface Row {
  /** What was measured, for example `cold start`. */
  readonly what: string;
  readonly ours: Measure;
  readonly reference: Measure;
  /** What `reference` is, for example `bare DeleteCommand`. */
  readonly referenceName: string;
  /** Ours against the reference; less is better, whatever the unit (throughput: theirs ÷ ours). */
  readonly ratio: number;
  /** The target: the row is missed when `ratio` is above it. Without one the row only informs. */
  readonly limit?: number;
  /** Of both measures, for example `ms`. */
  readonly unit: string;
}

export function isMissed({ ratio, limit }: Row): boolean {
  // Not `ratio > limit`: a ratio that is no number must not pass.
  return limit !== undefined && !(ratio <= limit);
}
