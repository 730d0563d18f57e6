import { readFileSync } from 'node:fs';

const PAGE = new URL('../docs/operations.md', import.meta.url);

/**
 * What a reason of the log means, in the words of docs/operations.md: its cause, and its usual source. A test
 * compares that page with the code, so that every reason has its row.
 */
export function meaningOf(reason: string): string {
  const rows = readFileSync(PAGE, 'utf8')
    .split('\n')
    .map((line) => line.split(' | '));
  const row = rows.find(([names = '', , source]) => source && names.includes(`\`${reason}\``));
  if (!row) throw new Error(`docs/operations.md has no row for ${reason}`);
  const [cause, source] = row.slice(1).map((cell) =>
    cell
      .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '“$1” in docs/operations.md')
      .replaceAll(/[`|]/g, '')
      .trim(),
  );
  return `${cause}. Usual: ${source}`;
}
