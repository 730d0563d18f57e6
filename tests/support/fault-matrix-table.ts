import type { Ask, Cell } from './fault-matrix.ts';
import type { MatrixFault } from './fault-matrix-faults.ts';
import type { Subject } from './fault-matrix-subjects.ts';

const LEGEND = [
  'A cell has three answers: to a live session, to one whose row is deleted, to one that a cutoff ended;',
  'and what a look at the table saw after the first: = nothing has changed, x the sessions in question',
  'are dead, (x) dead although the answer was a 500: the write took effect and its answer was lost.',
  '"write" and "query": the fault meets that operation alone, after a check that went well; only a live',
  'session gets there. - there is no such fault for this. !! broke the contract.',
].join('\n');

/** The matrix as a text: a line for each fault, a column for each subject. */
export function matrixTable(
  title: string,
  faults: readonly MatrixFault[],
  subjects: readonly Subject[],
  cells: readonly Cell[],
): string {
  const rows = faults.map((fault) => [
    fault.name,
    ...subjects.map((subject) =>
      cellText(cells.find((cell) => cell.fault === fault && cell.subject === subject)),
    ),
  ]);
  const table = [['', ...subjects.map(({ name }) => name)], ...rows];
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  );
  const lines = table.map((row) =>
    row
      .map((text, column) => text.padEnd(widths?.[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return ['', title, '', ...lines, '', LEGEND, ''].join('\n');
}

function cellText(cell: Cell | undefined): string {
  if (!cell) return '-';
  const broken = cell.asks.some(({ problems }) => problems.length > 0) ? ' !!' : '';
  const labels = cell.asks.map(({ answer }) =>
    answer.kind === 'malformed' ? '???' : answer.label,
  );
  const text = labels.every((label) => label === labels[0]) ? labels[0] : labels.join('/');
  return `${text} ${storeText(cell.asks[0])}${broken}`;
}

function storeText(ask: Ask | undefined): string {
  if (!ask) return '';
  const { before, after, answer } = ask;
  const changed = before.asker !== after.asker || before.other !== after.other;
  if (!changed) return '=';
  return answer.kind === 'failed' ? '(x)' : 'x';
}
