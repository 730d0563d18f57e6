import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { plot } from './plot.ts';
import { isMissed, type Measure, type Row } from './row.ts';

const RESULTS = new URL('./results/', import.meta.url);
const ROOT = new URL('../', import.meta.url);

/**
 * Writes the rows as a Markdown table and an SVG plot to `bench/results/`.
 *
 * @param name of the files, without extension
 * @returns the Markdown
 */
export function writeReport(name: string, rows: readonly Row[]): string {
  const markdown = [
    `# Benchmark: ${name}`,
    '',
    ...circumstances(),
    '',
    `![Ratio to the target of each row](${name}.svg)`,
    '',
    '| what | ours | compared with | ratio | target | |',
    '| --- | --: | --: | --: | --: | --- |',
    ...rows.map(line),
    '',
    'Medians, with the least and the most of all runs; the runs of a row were made in turns. A ratio is',
    'ours against the other, and less is better.',
    '',
  ].join('\n');
  writeFileSync(new URL(`${name}.md`, RESULTS), markdown);
  writeFileSync(new URL(`${name}.svg`, RESULTS), plot(rows));
  return markdown;
}

function circumstances(): string[] {
  const [cpu] = cpus();
  const versions = ['@aws-sdk/client-dynamodb', '@middy/core', 'jose', 'esbuild', 'dynalite'].map(
    (name) => {
      const text = readFileSync(new URL(`node_modules/${name}/package.json`, ROOT), 'utf8');
      return `${name} ${JSON.parse(text).version}`;
    },
  );
  return [
    `- ${new Date().toISOString()}`,
    `- ${cpus().length} × ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
    `- Node ${process.version}, ${versions.join(', ')}`,
  ];
}

function line(row: Row): string {
  const { what, ours, reference, referenceName, ratio, limit, unit } = row;
  const target = limit === undefined ? '' : `≤ ${limit.toFixed(2)}`;
  const verdict = limit === undefined ? '' : isMissed(row) ? '**missed**' : 'met';
  return `| ${what} | ${format(ours)} ${unit} | ${referenceName}: ${format(reference)} ${unit} | ${ratio.toFixed(2)} | ${target} | ${verdict} |`;
}

function format({ median, min, max, samples }: Measure): string {
  return samples.length === 1
    ? figure(median)
    : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

/** Three significant digits, without an exponent. */
function figure(value: number): string {
  const digits = value === 0 ? 0 : 2 - Math.floor(Math.log10(Math.abs(value)));
  return value.toFixed(Math.min(Math.max(digits, 0), 4));
}
