/**
 * Holds a measurement to the calls of the store that it has to cause: logout answers 200 to any token, so that
 * an answer alone does not show that anything was done.
 *
 * @param expected calls by operation; none of the others
 * @throws Error for another number of calls
 */
export function requireStoreCalls(
  name: string,
  expected: Readonly<Record<string, number>>,
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): void {
  for (const operation of new Set([...Object.keys(expected), ...Object.keys(after)])) {
    const made = (after[operation] ?? 0) - (before[operation] ?? 0);
    if (made !== (expected[operation] ?? 0))
      throw new Error(`${name} called ${operation} ${made} times, not ${expected[operation] ?? 0}`);
  }
}
