import { readFileSync } from 'node:fs';

/** A row of the error table in docs/operations.md. */
export interface ErrorRow {
  /** Values of `error_type`. */
  readonly types: readonly string[];
  /** The message has one of these; any message where there is none. */
  readonly texts: readonly string[];
  readonly remedy: string;
}

/** Reads the table; the last row, of any other error, has no type. */
export function errorTable(): readonly ErrorRow[] {
  const page = readFileSync('docs/operations.md', 'utf8');
  const [, table = ''] = page.split(/^\| `error_type` \| `error` has .*\n.*\n/m);
  return (table.split('\n\n')[0] ?? '').split('\n').map((row) => {
    const [, types = '', texts = '', , remedy = ''] = row.split(/\s*\|\s*/);
    return { types: quoted(types), texts: quoted(texts), remedy };
  });
}

/** Whether a row of the table, but the last, is about an error line. */
export function isInTable({ error_type, error }: Readonly<Record<string, unknown>>): boolean {
  return errorTable().some(
    ({ types, texts }) =>
      types.includes(`${error_type}`) &&
      (texts.length === 0 || texts.some((text) => `${error}`.includes(text))),
  );
}

function quoted(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
}
