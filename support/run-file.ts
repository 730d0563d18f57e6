import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

/** Environment variables of a local run, as its functions have them. */
export type RunEnvironment = Readonly<Record<string, string>>;

/**
 * Where a local run keeps its variables for `npm run token` and `npm run smoke`: one file a port, as
 * several can run side by side. It holds the run's throw-away secret, so only its owner may read it.
 */
function runFile(port: number): URL {
  return new URL(`../.local/${port}.json`, import.meta.url);
}

export function writeRunFile(port: number, environment: RunEnvironment): void {
  mkdirSync(new URL('../.local/', import.meta.url), { recursive: true });
  writeFileSync(runFile(port), JSON.stringify({ pid: process.pid, environment }, null, 2), {
    mode: 0o600,
  });
}

export function removeRunFile(port: number): void {
  rmSync(runFile(port), { force: true });
}

/** @returns undefined when nothing runs on that port; the file of a run that was killed is removed */
export function readRunFile(port: number): RunEnvironment | undefined {
  const file = runFile(port);
  if (!existsSync(file)) return undefined;
  const { pid, environment } = JSON.parse(readFileSync(file, 'utf8'));
  if (isRunning(pid)) return environment;
  removeRunFile(port);
  return undefined;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
