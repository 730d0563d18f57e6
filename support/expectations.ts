import type { Session } from '../lib/sessions/session.ts';

/**
 * What a session has to be after the answers so far. `unknown`: its logout was a 500 or had no answer, so that
 * the session is either alive or dead, for good.
 */
export type State = 'alive' | 'dead' | 'unknown';

export interface Expectation {
  readonly session: Session;
  readonly token: string;
  readonly state: State;
  /** The answer that says so. */
  readonly because: string;
}

/** What a session is: in the table, and for `/me`. */
export interface Observation {
  readonly isAlive: boolean;
  /** The status of `/me` with its token; undefined without an answer. */
  readonly status: number | undefined;
}

/** The expectations of a run, by session. */
export class Expectations {
  readonly #all = new Map<string, Expectation>();

  get all(): readonly Expectation[] {
    return [...this.#all.values()];
  }

  of(jti: string): Expectation {
    const expectation = this.#all.get(jti);
    if (!expectation) throw new RangeError(`There is no session ${jti}`);
    return expectation;
  }

  add(expectation: Expectation): void {
    this.#all.set(expectation.session.jti, expectation);
  }

  /** Notes what an answer says of a session. A dead session stays dead, whatever comes later. */
  note(jti: string, state: State, because: string): void {
    const expectation = this.of(jti);
    if (expectation.state !== 'dead') this.#all.set(jti, { ...expectation, state, because });
  }
}

/** Sessions that are observed at the same time. */
const AT_ONCE = 16;

/**
 * Compares every session with its expectation. The table and `/me` have to agree, and a session in doubt has
 * to be the same at a second look.
 *
 * @returns a line for each violation
 */
export async function audit(
  expectations: readonly Expectation[],
  observe: (expectation: Expectation) => Promise<Observation>,
  progress: (done: number) => void = () => {},
): Promise<readonly string[]> {
  const violations: string[] = [];
  for (let start = 0; start < expectations.length; start += AT_ONCE) {
    const some = expectations.slice(start, start + AT_ONCE);
    const found = await Promise.all(some.map((each) => auditOne(each, observe)));
    violations.push(...found.flat());
    progress(start + some.length);
  }
  return violations;
}

async function auditOne(
  expectation: Expectation,
  observe: (expectation: Expectation) => Promise<Observation>,
): Promise<readonly string[]> {
  const { session, state, because } = expectation;
  const name = `session ${session.jti}, ${state} (${because}),`;
  const first = await observe(expectation);
  const isAlive = state === 'unknown' ? first.isAlive : state === 'alive';
  const isRight = first.isAlive === isAlive && first.status === (isAlive ? 200 : 401);
  const violations = isRight ? [] : [`${name} is ${describe(first)}`];
  if (state !== 'unknown') return violations;
  const second = await observe(expectation);
  const isSame = second.isAlive === first.isAlive && second.status === first.status;
  return isSame
    ? violations
    : [...violations, `${name} was ${describe(first)}, and then ${describe(second)}`];
}

function describe({ isAlive, status }: Observation): string {
  return `${isAlive ? 'alive' : 'dead'} in the table and ${status ?? 'no answer'} for /me`;
}
