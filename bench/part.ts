import type { Row } from './measure.ts';
import type { Packages } from './packaged.ts';
import type { BenchStore } from './store.ts';

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
