/** Shows one line of progress: over the line before in a terminal, a line each in a log. */
export function showLine(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : line && `${line}\n`);
}

/**
 * Shows progress now and then, so that a log of many steps stays short.
 *
 * @param everyMs the least time between two lines
 */
export function progressEvery(everyMs: number): (line: string, isLast: boolean) => void {
  let shown = -Infinity;
  return (line, isLast) => {
    const now = performance.now();
    if (now - shown < everyMs && !isLast) return;
    shown = now;
    showLine(line);
  };
}
