import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { isMissed, type Measure, type Row } from './measure.ts';

const ROOT = new URL('../', import.meta.url);
const PACKAGES = ['@aws-sdk/client-dynamodb', '@middy/core', 'jose', 'esbuild', 'dynalite'];

/**
 * The report as Markdown: machine and versions, one table of all rows, and the parts' notes.
 *
 * @param notes Markdown below the table
 */
export function report(rows: readonly Row[], notes: readonly string[]): string {
  const versions = PACKAGES.map((name) => {
    const text = readFileSync(new URL(`node_modules/${name}/package.json`, ROOT), 'utf8');
    return `${name} ${JSON.parse(text).version}`;
  });
  return [
    '# Benchmark',
    '',
    machine(),
    `- ${versions.join(', ')}`,
    '',
    ...table(['what', 'ours', 'compared with', 'ratio', 'target', ''], rows.map(cells)),
    '',
    'Medians, with the least and the most of all runs. The runs of a row took turns. A ratio is ours against',
    'the other; less is better.',
    ...notes.flatMap((note) => ['', note]),
    '',
  ].join('\n');
}

/** Time, processor, memory and Node.js, as an item of a Markdown list. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `- ${new Date().toISOString()}, ${cpus().length} × ${cpu?.model.trim()}, ${memory}, ${process.platform} ${process.arch}, Node ${process.version}`;
}

/** A Markdown table; every column but the first is aligned to the right. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map((_, column) => (column === 0 ? '---' : '--:'))),
    ...rows.map(line),
  ];
}

/** Median, least and most. */
export function figures({ median, min, max }: Measure, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

function cells(row: Row): string[] {
  const { what, ours, reference, referenceName, ratio, limit, unit } = row;
  const target =
    limit === undefined
      ? ['', '']
      : [`≤ ${limit.toFixed(2)}`, isMissed(row) ? '**missed**' : 'met'];
  return [
    what,
    `${format(ours)} ${unit}`,
    `${referenceName}: ${format(reference)} ${unit}`,
    ratio.toFixed(2),
    ...target,
  ];
}

/** Three significant digits, without an exponent. */
function format(measured: Measure): string {
  const { median, samples } = measured;
  const digits = median === 0 ? 0 : 2 - Math.floor(Math.log10(Math.abs(median)));
  const kept = Math.min(Math.max(digits, 0), 4);
  return samples.length === 1 ? median.toFixed(kept) : figures(measured, kept);
}
