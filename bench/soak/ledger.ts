import type { Session } from '../../lib/sessions/session.ts';

/**
 * What may be said of a session. `unknown`: an answer that was to tell has not come, or was a 500; it
 * may be either, but one of the two for good.
 */
export type State = 'alive' | 'dead' | 'unknown';

/** A session, and what the answers so far say of it. */
export interface Entry {
  readonly session: Session;
  readonly token: string;
  readonly state: State;
  /** The answer that says so. */
  readonly because: string;
}

/** All sessions of a run, by the answers of the service. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();
  readonly #ofUser = new Map<string, string[]>();

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  ofUser(sub: string): readonly Entry[] {
    return (this.#ofUser.get(sub) ?? []).map((jti) => this.get(jti));
  }

  get(jti: string): Entry {
    const entry = this.#entries.get(jti);
    if (!entry) throw new RangeError(`There is no session ${jti}`);
    return entry;
  }

  add(entry: Entry): void {
    const { jti, sub } = entry.session;
    this.#entries.set(jti, entry);
    this.#ofUser.set(sub, [...(this.#ofUser.get(sub) ?? []), jti]);
  }

  /** Notes what an answer says of a session. What is dead stays dead, whatever comes later. */
  note(jti: string, state: State, because: string): void {
    const entry = this.get(jti);
    if (entry.state !== 'dead') this.#entries.set(jti, { ...entry, state, because });
  }
}
