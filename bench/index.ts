/**
 * npm run bench                        every part
 * npm run bench -- cold warm           some of them
 * npm run bench -- cold --runs 2       fewer or more runs than by default
 * npm run bench -- --write             the report replaces bench/results/all.md
 *
 * Ends with 1 when a target is missed or a part could not be measured.
 */
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureCold } from './cold.ts';
import { measureCost } from './cost.ts';
import { measureEverywhere } from './everywhere.ts';
import { isMissed, type Row } from './measure.ts';
import { measureMemory } from './memory.ts';
import { packageFunctions } from './packaged.ts';
import { showLine } from './progress.ts';
import { report } from './report.ts';
import { openBenchStore } from './store.ts';
import { measureThroughput } from './throughput.ts';
import { measureWarmCalls } from './warm.ts';

/** Each with the number of runs by default. */
const PARTS = {
  cold: { runs: 20, run: measureCold },
  warm: { runs: 5, run: measureWarmCalls },
  memory: { runs: 5, run: measureMemory },
  everywhere: { runs: 5, run: measureEverywhere },
  cost: { runs: 3, run: measureCost },
  throughput: { runs: 5, run: measureThroughput },
} as const;
const RESULTS = new URL('./results/', import.meta.url);

const { values, positionals } = parseArgs({
  options: { runs: { type: 'string' }, write: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined || (values.runs !== undefined && !/^[1-9]\d*$/.test(values.runs))) {
  process.stderr.write(`Parts: ${Object.keys(PARTS).join(', ')}; --runs takes a whole number\n`);
  process.exit(2);
}
const names = positionals.length > 0 ? positionals : Object.keys(PARTS);

showLine('packaging the functions');
using directory = mkdtempDisposableSync(join(tmpdir(), 'bench-'));
const packages = await packageFunctions(directory.path);
const rows: Row[] = [];
const notes: string[] = [];
const failures: string[] = [];
for (const [name, part] of Object.entries(PARTS)) {
  if (!names.includes(name)) continue;
  const runs = values.runs === undefined ? part.runs : Number(values.runs);
  const progress = (line: string) => showLine(`${name}: ${line}`);
  try {
    await using store = await openBenchStore();
    const result = await part.run({ store, packages }, { runs, progress });
    rows.push(...result.rows);
    notes.push(...(result.notes ? [result.notes] : []));
  } catch (error) {
    // The other parts are still worth their numbers; the exit code says that one is missing.
    failures.push(`${name} could not be measured: ${error instanceof Error ? error.stack : error}`);
  }
}
showLine('');

const markdown = report(rows, notes);
process.stdout.write(`\n${markdown}`);
if (values.write) {
  const name = positionals.length > 0 ? names.join('-') : 'all';
  writeFileSync(new URL(`${name}.md`, RESULTS), markdown);
}
const missed = rows.filter(isMissed).map(({ what }) => `missed: ${what}`);
for (const line of [...missed, ...failures]) process.stderr.write(`${line}\n`);
process.exitCode = missed.length + failures.length > 0 ? 1 : 0;
