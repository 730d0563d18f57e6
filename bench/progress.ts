/** Violations that are printed. */
const SHOWN_VIOLATIONS = 20;

/** Shows one line of progress: over the line before in a terminal, a line each in a log. */
export function showLine(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : line && `${line}\n`);
}

/** The first violations, as the items of a list. */
export function shownViolations(violations: readonly string[]): string[] {
  return violations.slice(0, SHOWN_VIOLATIONS).map((violation) => `- ${violation}`);
}

/** @throws RangeError for an empty list */
export function pick<Value>(values: readonly Value[]): Value {
  const value = values[Math.floor(Math.random() * values.length)];
  if (value === undefined) throw new RangeError('Nothing to pick from');
  return value;
}
