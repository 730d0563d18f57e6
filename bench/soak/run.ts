import { findSession } from '../../lib/sessions/sessions.ts';
import { audit } from './audit.ts';
import { type Entry, Ledger, type State } from './ledger.ts';
import { random } from './random.ts';
import type { Stack } from './stack.ts';
import { type Action, type Result, User } from './user.ts';
import { forecast } from './weather.ts';

export interface SoakOptions {
  /** Requests and log-ins, all users together. */
  readonly requests: number;
  /** Users at once, each with one request on its way. */
  readonly users: number;
  /** What users do and what happens to the service; not in which order their requests arrive. */
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly progress?: (phase: string, done: number, count: number) => void;
}

export interface SoakResult {
  /** How often each action had each result. */
  readonly results: ReadonlyMap<Action, ReadonlyMap<Result, number>>;
  /** How often each event happened. */
  readonly events: ReadonlyMap<string, number>;
  readonly entries: readonly Entry[];
  /** How many sessions of each state the audit looked at. */
  readonly audited: Readonly<Record<State, number>>;
  /** What the service did, or left behind, against the contract. */
  readonly violations: readonly string[];
}

/** Users that come one after the other in the place of one, so that nobody has thousands of sessions. */
const ACTIONS_OF_A_USER = 60;

/** Plays the load while things happen to the service, and audits what is left. */
export async function soak(stack: Stack, options: SoakOptions): Promise<SoakResult> {
  const { requests, users, seed, signal, progress = () => {} } = options;
  const violations: string[] = [];
  const ledger = new Ledger();
  const results = new Map<Action, Map<Result, number>>();
  const events = new Map<string, number>();
  const run = {
    stack,
    ledger,
    random: random(seed),
    violation: (text: string) => void violations.push(text),
  };
  const plan = [...forecast(requests, random(seed + 1))];
  let begun = 0;
  let ended = 0;

  const work = async () => {
    let user = new User(run);
    for (let done = 1; begun < requests && !signal?.aborted; done += 1) {
      begun += 1;
      if (plan[0] && plan[0].at <= begun) {
        const event = plan.shift();
        if (event?.name) add(events, event.name);
        await event?.run(stack);
      }
      const { action, result } = await user.act();
      const counts = results.get(action) ?? new Map<Result, number>();
      results.set(action, counts);
      add(counts, result);
      if (done % ACTIONS_OF_A_USER === 0) user = new User(run);
      ended += 1;
      progress('load', ended, requests);
    }
  };
  await Promise.all(Array.from({ length: users }, work));
  await stack.wire.clear();
  const { entries } = ledger;
  if (!signal?.aborted) {
    const found = await audit(
      entries,
      (entry) => lookAt(stack, entry),
      (done) => progress('audit', done, entries.length),
    );
    violations.push(...found);
  }
  return { results, events, entries, audited: countStates(entries), violations };
}

/** What there is of a session: in the table, around the wire, and for /me. */
export async function lookAt(stack: Stack, { session, token }: Entry) {
  const isAlive = (await findSession(stack.direct, session)) !== null;
  return { isAlive, status: (await stack.ask('me', token))?.status };
}

function countStates(entries: readonly Entry[]): Record<State, number> {
  const count = (state: State) => entries.filter((entry) => entry.state === state).length;
  return { alive: count('alive'), dead: count('dead'), unknown: count('unknown') };
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
