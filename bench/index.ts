/**
 * npm run bench                        every part
 * npm run bench -- cold warm           some of them
 * npm run bench -- cold --runs 40      more often than by default
 *
 * Ends with 1 when a target is missed, or when a part could not be measured.
 */
import { parseArgs } from 'node:util';
import { coldRows } from './cold.ts';
import { costRows } from './cost.ts';
import { everywhereRows } from './everywhere.ts';
import { memoryRows } from './memory.ts';
import { writeReport } from './report.ts';
import { isMissed, type Row } from './row.ts';
import { throughputRows } from './throughput.ts';
import { warmRows } from './warm.ts';

interface Part {
  /** How often each subject is measured, by default. */
  readonly runs: number;
  readonly rows: (options: { runs: number; progress: (line: string) => void }) => Promise<Row[]>;
}

const PARTS: Readonly<Record<string, Part>> = {
  cold: { runs: 20, rows: coldRows },
  warm: { runs: 5, rows: warmRows },
  memory: { runs: 5, rows: memoryRows },
  everywhere: { runs: 5, rows: everywhereRows },
  cost: { runs: 3, rows: costRows },
  throughput: { runs: 5, rows: throughputRows },
};

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string' } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined || (values.runs !== undefined && !/^[1-9]\d*$/.test(values.runs))) {
  process.stderr.write(`Parts: ${Object.keys(PARTS).join(', ')}; --runs takes a whole number\n`);
  process.exit(2);
}

const names = positionals.length > 0 ? positionals : Object.keys(PARTS);
const rows: Row[] = [];
const failures: string[] = [];
for (const name of names) {
  const part = PARTS[name];
  if (!part) continue;
  const runs = values.runs === undefined ? part.runs : Number(values.runs);
  try {
    rows.push(...(await part.rows({ runs, progress: (line) => progress(`${name}: ${line}`) })));
  } catch (error) {
    // The other parts are still worth their numbers; the exit code tells that one is missing.
    failures.push(`${name} could not be measured: ${error instanceof Error ? error.stack : error}`);
  }
}
progress('');

process.stdout.write(`\n${writeReport(positionals.length > 0 ? names.join('-') : 'all', rows)}\n`);
const missed = rows.filter(isMissed).map(({ what }) => `missed: ${what}`);
for (const line of [...missed, ...failures]) process.stderr.write(`${line}\n`);
process.exitCode = missed.length + failures.length > 0 ? 1 : 0;

/** One line that is written over; in a log, a line each. */
function progress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[2K${line}` : line && `${line}\n`);
}
