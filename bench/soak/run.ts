import { randomUUID } from 'node:crypto';
import { issueSession } from '../../lib/login/issue.ts';
import { endSession, findSession } from '../../lib/sessions/sessions.ts';
import {
  audit,
  type Expectation,
  Expectations,
  type Observation,
} from '../../support/expectations.ts';
import { faultSchedule, random } from './fault-schedule.ts';
import type { Stack } from './stack.ts';
import { type Action, type Result, User } from './user.ts';

export interface SoakOptions {
  /** Requests and log-ins, all users together. */
  readonly requests: number;
  /** Users at the same time, each with one request on its way. */
  readonly users: number;
  /** Decides what users do and which faults happen; not in which order requests arrive. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly progress: (phase: string, done: number, count: number) => void;
}

export interface SoakResult {
  /** How often each action had each result. */
  readonly results: ReadonlyMap<Action, ReadonlyMap<Result, number>>;
  /** How often each fault happened. */
  readonly faults: ReadonlyMap<string, number>;
  readonly expectations: readonly Expectation[];
  readonly violations: readonly string[];
}

/** Actions after which another user takes a user's place, so that nobody has thousands of sessions. */
const ACTIONS_OF_A_USER = 60;

/** Plays the load while faults happen, and audits every session afterwards. */
export async function soak(stack: Stack, options: SoakOptions): Promise<SoakResult> {
  const { requests, users, seed, signal, progress } = options;
  const violations: string[] = [];
  const expectations = new Expectations();
  const results = new Map<Action, Map<Result, number>>();
  const faults = new Map<string, number>();
  const violation = (text: string) => void violations.push(text);
  const run = { stack, expectations, random: random(seed), violation };
  const schedule = [...faultSchedule(requests, random(seed + 1))];
  let begun = 0;
  let ended = 0;

  const work = async () => {
    let user = new User(run);
    for (let done = 1; begun < requests && !signal.aborted; done += 1) {
      begun += 1;
      if (schedule[0] && schedule[0].at <= begun) {
        const fault = schedule.shift();
        if (fault?.name) add(faults, fault.name);
        await fault?.inject(stack);
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
  await stack.proxy.clear();
  const { all } = expectations;
  if (!signal.aborted) {
    const show = (done: number) => progress('audit', done, all.length);
    violations.push(...(await audit(all, (each) => observe(stack, each), show)));
  }
  return { results, faults, expectations: all, violations };
}

/**
 * Shows that the audit can fail: expectations that are wrong, in either direction, of real sessions.
 *
 * @throws Error unless the audit objects to each
 */
export async function checkAudit(stack: Stack): Promise<void> {
  const begin = () => {
    const request = { sub: randomUUID(), ttlSeconds: 60 };
    return issueSession(stack.direct, stack.signer, request);
  };
  const ended = await begin();
  await endSession(stack.direct, ended.session);
  const wrong: Expectation[] = [
    { ...(await begin()), state: 'dead', because: 'a lie' },
    { ...ended, state: 'alive', because: 'a lie' },
  ];
  const violations = await audit(wrong, (each) => observe(stack, each));
  const expected = [
    'is alive in the table and 200 for /me',
    'is dead in the table and 401 for /me',
  ];
  if (!expected.every((text, index) => violations[index]?.endsWith(text)))
    throw new Error(`The audit does not see a wrong session: ${JSON.stringify(violations)}`);
}

/** Looks at a session in the table, around the proxy, and asks `/me`. */
async function observe(stack: Stack, { session, token }: Expectation): Promise<Observation> {
  const isAlive = (await findSession(stack.direct, session)) !== null;
  return { isAlive, status: (await stack.ask('me', token))?.status };
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
