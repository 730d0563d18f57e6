import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/**
 * Replaces bundle positions in a stack by source positions, using the source map beside the bundle.
 * Positions without a map stay unchanged.
 *
 * Node's `--enable-source-maps` reads the map of every loaded file: 20 ms of CPU per cold start,
 * measured. Here only a process with an error reads the map.
 */
export function withSources(stack: string): string {
  return stack.replaceAll(
    BUNDLED_PLACE,
    (place, file: string, line: string, column: string) =>
      sourceOf(file, Number(line), Number(column)) ?? place,
  );
}

/**
 * `/var/task/handlers/logout.cjs:1:23`, anchored at a word's start: restarting the match at each slash
 * takes quadratic time in a long text.
 */
const BUNDLED_PLACE = /(?<![^\s(])(\/[^\s():]+\.cjs):(\d+):(\d+)/g;

const maps = new Map<string, SourceMap | undefined>();

function sourceOf(file: string, line: number, column: number): string | undefined {
  if (!maps.has(file)) maps.set(file, readMap(`${file}.map`));
  const entry = maps.get(file)?.findEntry(line - 1, column - 1);
  if (!entry || !('originalSource' in entry) || !entry.originalSource) return undefined;
  const { originalSource, originalLine, originalColumn } = entry;
  return `${originalSource.replace(/^(\.\.\/)+/, '')}:${originalLine + 1}:${originalColumn + 1}`;
}

/** A missing or unreadable map leaves the stack as written. */
function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
