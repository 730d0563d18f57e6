/**
 * npm run audit:ship: asks the registry for known vulnerabilities of what may ship, which is everything
 * but the development dependencies. Exits with 0 when there are none, 1 when there are some, and 2 when
 * the registry did not say: nothing is known then, and that is no pass.
 */
import { execFile } from 'node:child_process';
import { isObject } from '../lib/shared/json.ts';

/** What came of an audit. */
export type AuditOutcome =
  | { readonly kind: 'clean'; readonly packages: number }
  | { readonly kind: 'vulnerable'; readonly findings: readonly string[] }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Reads what `npm audit --json` printed. Its exit code is no help: 1 means both "found some" and "could
 * not ask".
 *
 * @param output standard output, whatever it is
 */
export function readAudit(output: string): AuditOutcome {
  const report = parseObject(output);
  if (!report) return { kind: 'unknown', why: 'npm audit printed no report' };
  const { vulnerabilities, metadata, message, error } = report;
  if (!isObject(vulnerabilities) || !isObject(metadata)) {
    const summary = isObject(error) ? error.summary : undefined;
    return { kind: 'unknown', why: String(message || summary || 'the report holds no result') };
  }
  const findings = Object.values(vulnerabilities).map(describeFinding);
  if (findings.length > 0) return { kind: 'vulnerable', findings };
  const packages = isObject(metadata.dependencies) ? Number(metadata.dependencies.prod) : 0;
  // npm counts the project itself, so that one package means that nothing was looked at.
  if (!(packages > 1)) return { kind: 'unknown', why: 'npm audit looked at no package' };
  return { kind: 'clean', packages: packages - 1 };
}

function describeFinding(vulnerability: unknown): string {
  if (!isObject(vulnerability)) return 'a finding that npm does not describe';
  const { name, range, severity, via } = vulnerability;
  const advisories = (Array.isArray(via) ? via : []).map((cause: unknown) =>
    isObject(cause) ? `${cause.title} ${cause.url}` : `through ${cause}`,
  );
  return `${severity}: ${name} ${range}: ${advisories.join('; ')}`;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null; // npm failed before it had anything to report
  }
}

/** Time for npm and the registry together, in milliseconds. */
const TIMEOUT_MS = 120_000;

/** Runs the audit in the current folder. It does not throw: a failure is an audit without an outcome. */
function runAudit(): Promise<AuditOutcome> {
  return new Promise((resolve) => {
    execFile(
      'npm',
      ['audit', '--omit=dev', '--json'],
      { timeout: TIMEOUT_MS, maxBuffer: 64 * 1_024 * 1_024 },
      (error, stdout) => {
        const failed = error !== null && stdout === '';
        resolve(failed ? { kind: 'unknown', why: error.message } : readAudit(stdout));
      },
    );
  });
}

if (import.meta.main) {
  const outcome = await runAudit();
  switch (outcome.kind) {
    case 'clean':
      process.stdout.write(
        `No known vulnerability in the ${outcome.packages} packages that may ship\n`,
      );
      break;
    case 'vulnerable':
      process.stdout.write(`${outcome.findings.join('\n')}\n`);
      process.exitCode = 1;
      break;
    case 'unknown':
      process.stdout.write(`Not audited: the registry gave no answer (${outcome.why})\n`);
      process.exitCode = 2;
  }
}
