import type { Entry } from './ledger.ts';

/** What there is of a session once all is quiet: in the table, and for /me. */
export interface Look {
  /** By a direct look, around the wire. */
  readonly isAlive: boolean;
  /** The status of /me with its token. */
  readonly status: number | undefined;
}

/** Sessions looked at side by side. */
const AT_ONCE = 16;

/**
 * Compares what the service has said of every session with what there is: a session whose logout was
 * answered 200 is dead, one that nobody logged out is alive, and any other is one of the two, for the
 * table and for /me, and at a second look.
 *
 * @returns what does not agree; an empty list is a clean audit
 */
export async function audit(
  entries: readonly Entry[],
  look: (entry: Entry) => Promise<Look>,
  progress: (done: number) => void = () => {},
): Promise<readonly string[]> {
  const violations: string[] = [];
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const some = entries.slice(start, start + AT_ONCE);
    const found = await Promise.all(some.map((entry) => auditEntry(entry, look)));
    violations.push(...found.flat());
    progress(start + some.length);
  }
  return violations;
}

async function auditEntry(
  entry: Entry,
  look: (entry: Entry) => Promise<Look>,
): Promise<readonly string[]> {
  const first = await look(entry);
  const violations = compare(entry, first);
  if (entry.state !== 'unknown') return violations;
  const second = await look(entry);
  return second.isAlive === first.isAlive && second.status === first.status
    ? violations
    : [...violations, `${describe(entry)} was ${text(first)}, and then ${text(second)}`];
}

function compare(entry: Entry, look: Look): readonly string[] {
  const isAlive = entry.state === 'unknown' ? look.isAlive : entry.state === 'alive';
  const expected: Look = { isAlive, status: isAlive ? 200 : 401 };
  return look.isAlive === expected.isAlive && look.status === expected.status
    ? []
    : [`${describe(entry)} is ${text(look)}`];
}

function describe({ session: { jti }, state, because }: Entry): string {
  return `session ${jti}, ${state} (${because}),`;
}

function text({ isAlive, status }: Look): string {
  return `${isAlive ? 'alive' : 'dead'} in the table and ${status ?? 'no answer'} for /me`;
}
