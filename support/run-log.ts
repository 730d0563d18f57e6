import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/** Where a local run keeps what its functions have logged, for `npm run find-error`, and the run before did. */
function runLog(port: number, before = ''): URL {
  return new URL(`../.local/${port}${before}.log`, import.meta.url);
}

const BEFORE = '.before';

/**
 * Has the JSON lines that the functions write go into the run's log in place of the terminal, beginning anew; the
 * log of the run before is kept aside. What else is printed, such as the first token, is not kept.
 */
export function keepRunLog(port: number): void {
  mkdirSync(new URL('../.local/', import.meta.url), { recursive: true });
  if (existsSync(runLog(port))) renameSync(runLog(port), runLog(port, BEFORE));
  writeFileSync(runLog(port), '', { mode: 0o600 });
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    stream.write = (chunk: string | Uint8Array, ...rest: never[]) => {
      const lines = String(chunk).split(/(?<=\n)/);
      const own = lines.filter((line) => line.startsWith('{'));
      for (const line of own) appendFileSync(runLog(port), `${line.trimEnd()}\n`);
      return own.length === 0
        ? write(chunk, ...rest)
        : write(lines.filter((line) => !own.includes(line)).join(''), ...rest);
    };
  }
}

/** @returns the lines of the last two runs on that port; none where nothing ever ran there */
export function readRunLog(port: number): readonly string[] {
  const files = [runLog(port, BEFORE), runLog(port)].filter((file) => existsSync(file));
  return files.flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
}

export function removeRunLog(port: number): void {
  for (const before of ['', BEFORE]) rmSync(runLog(port, before), { force: true });
}
