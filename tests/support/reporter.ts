import type { AggregatedResult, Reporter } from '@jest/reporters';

/** Says at the start how long all tests take, and at the end what was skipped: its name says why. */
export default class DurationAndSkips implements Pick<Reporter, 'onRunStart' | 'onRunComplete'> {
  onRunStart({ numTotalTestSuites }: AggregatedResult): void {
    if (numTotalTestSuites > 40)
      process.stderr.write(`${numTotalTestSuites} files: about 150 seconds on two idle cores\n`);
  }

  onRunComplete(_contexts: unknown, { testResults }: AggregatedResult): void {
    const skipped = testResults
      .flatMap((file) => file.testResults)
      .filter(({ status }) => status === 'pending')
      .map(({ ancestorTitles: [group], title }) => group ?? title);
    for (const name of new Set(skipped)) {
      const tests = skipped.filter((each) => each === name).length;
      process.stderr.write(`Skipped (${tests}): ${name}\n`);
    }
  }
}
