import type { SoakResult } from './run.ts';
import type { Result } from './user.ts';

/** What a run was asked for, and how long it took. */
export interface Circumstances {
  readonly requests: number;
  readonly users: number;
  readonly seed: number;
  readonly seconds: number;
}

/** Violations that are printed one by one. */
const SHOWN_VIOLATIONS = 20;

const COLUMNS: readonly (readonly [name: string, result: Result])[] = [
  ['200', 200],
  ['401', 401],
  ['500', 500],
  ['no answer', 'none'],
  ['done', 'done'],
  ['was ended', 'lost'],
  ['failed', 'failed'],
];

/** The one table of a run, what happened meanwhile, and the verdict. */
export function soakReport(result: SoakResult, circumstances: Circumstances): string {
  const { requests, users, seed, seconds } = circumstances;
  const { results, events, audited, violations, entries } = result;
  const rows = [...results].map(([action, counts]) => [
    action,
    ...COLUMNS.map(([, column]) => String(counts.get(column) ?? '-')),
  ]);
  const happened = [...events].map(([name, count]) => `${name} (${count})`).join(', ');
  return [
    '',
    `${requests} requests of ${users} users at once in ${seconds.toFixed(0)} s, seed ${seed}`,
    '',
    ...table([['', ...COLUMNS.map(([name]) => name)], ...rows]),
    '',
    `Meanwhile: ${happened || 'nothing'}`,
    `Sessions: ${entries.length}; ${audited.dead} dead, ${audited.alive} alive, ${audited.unknown} in doubt`,
    ...verdict(violations),
    '',
  ].join('\n');
}

function verdict(violations: readonly string[]): readonly string[] {
  if (violations.length === 0) return ['Audit: clean'];
  const more = violations.length - SHOWN_VIOLATIONS;
  return [
    `Audit: ${violations.length} VIOLATIONS`,
    ...violations.slice(0, SHOWN_VIOLATIONS).map((text) => `  ${text}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ];
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((text, column) =>
        column === 0 ? text.padEnd(widths?.[0] ?? 0) : text.padStart(widths?.[column] ?? 0),
      )
      .join('  '),
  );
}
