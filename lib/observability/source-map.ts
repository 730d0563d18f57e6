import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/**
 * Names lines of this repository in place of a bundle's in a stack, by the map beside the bundle. A place
 * without a map stays as it is.
 *
 * Node's own `--enable-source-maps` reads the map of every file that it loads: 20 ms of CPU of each cold
 * start, measured. Here only a process that has an error to tell of reads it.
 */
export function withSources(stack: string): string {
  return stack.replaceAll(
    BUNDLED_PLACE,
    (place, file: string, line: string, column: string) =>
      sourceOf(file, Number(line), Number(column)) ?? place,
  );
}

/**
 * `/var/task/handlers/logout.cjs:1:23`, from the beginning of a word: a search that began anew at each slash
 * would take quadratic time in a long text.
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

/** A map that is not there, or can't be read, is no reason to tell nothing of the error. */
function readMap(path: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}
