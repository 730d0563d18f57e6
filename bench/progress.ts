/** Violations that are printed. */
const SHOWN_VIOLATIONS = 20;

/** Shows one line of progress: over the line before in a terminal, a line each in a log. */
export function showLine(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : line && `${line}\n`);
}

/**
 * Shows progress now and then, so that a log of many steps stays short.
 *
 * @param everyMs the least time between two lines
 */
export function progressEvery(everyMs: number): (line: string) => void {
  let shown = -Infinity;
  return (line) => {
    const now = performance.now();
    if (now - shown < everyMs) return;
    shown = now;
    showLine(line);
  };
}

/** The first violations, as the items of a list. */
export function shownViolations(violations: readonly string[]): string[] {
  return violations.slice(0, SHOWN_VIOLATIONS).map((violation) => `- ${violation}`);
}

/** Aborted by Ctrl-C. */
export function abortOnSignals(): AbortSignal {
  const stopped = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopped.abort(name));
  return stopped.signal;
}
