/**
 * npm run soak                                 16,000 requests, some two minutes
 * npm run soak -- --requests 1500              fewer
 * npm run soak -- --requests 1500 --seed 7     the same users and the same faults as another run's
 *
 * A mixed load over HTTP (log-ins, /me, logout of this, others and everywhere, refreshes, garbage) while
 * functions' processes are killed and the connection to the store breaks in many ways. Then every session is
 * audited: dead after a logout that was answered 200, alive without one, and one of the two after a 500 or no
 * answer. A check of the audit itself comes first.
 *
 * Ends with 1 when an answer or a session is wrong; with 130 after Ctrl-C.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { issueSession } from '../lib/login/issue.ts';
import { endSession, findSession } from '../lib/sessions/sessions.ts';
import { positiveNumber, runCommand } from '../support/command-line.ts';
import {
  audit,
  type Expectation,
  Expectations,
  type Observation,
  type State,
} from '../support/expectations.ts';
import { abortOnSignals, progressEvery, showLine, shownViolations } from './progress.ts';
import { table } from './report.ts';
import { faultSchedule, random } from './soak/fault-schedule.ts';
import { openStack, type Stack } from './soak/stack.ts';
import { ACTIONS, RESULTS, User } from './soak/user.ts';

/** Actions after which another user takes a user's place, so that nobody has thousands of sessions. */
const ACTIONS_OF_A_USER = 60;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '16000' },
      users: { type: 'string', default: '16' },
      seed: { type: 'string', default: `${randomInt(1, 1_000_000)}` },
    },
  });
  const requests = positiveNumber('--requests', values.requests);
  const users = positiveNumber('--users', values.users);
  const seed = positiveNumber('--seed', values.seed);
  const signal = abortOnSignals();

  showLine('starting the service');
  await using stack = await openStack();
  await checkAudit(stack);
  const progress = progressEvery(5_000);
  const expectations = new Expectations();
  const violations: string[] = [];
  const violation = (text: string) => void violations.push(text);
  const run = { stack, expectations, random: random(seed), violation };
  const schedule = faultSchedule(requests, random(seed + 1));
  /** By fault, and by action and result. */
  const counts = new Map<string, number>();
  const count = (what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  let begun = 0;

  async function work(): Promise<void> {
    let user = new User(run);
    for (let done = 1; begun < requests && !signal.aborted; done += 1) {
      begun += 1;
      progress(`load: ${begun} of ${requests}`);
      const fault = schedule.get(begun);
      if (fault) count(fault.name);
      await fault?.inject(stack);
      const { action, result } = await user.act();
      count(`${action} ${result}`);
      if (done % ACTIONS_OF_A_USER === 0) user = new User(run);
    }
  }
  await Promise.all(Array.from({ length: users }, work));
  await stack.proxy.clear();
  const { all } = expectations;
  if (!signal.aborted) violations.push(...(await audit(all, (each) => observe(stack, each))));
  showLine('');

  const rows = Object.keys(ACTIONS).map((action) => [
    action,
    ...RESULTS.map((result) => counts.get(`${action} ${result}`) ?? '-'),
  ]);
  const faults = [...new Set([...schedule.values()].map(({ name }) => name))]
    .filter((name) => counts.has(name))
    .map((name) => `${name} (${counts.get(name)})`);
  const sessions = (state: State) => all.filter((each) => each.state === state).length;
  const lines = [
    '',
    `${begun} of ${requests} requests of ${users} users at once, seed ${seed}`,
    '',
    ...table(['', ...RESULTS.map(String)], rows),
    '',
    `Faults: ${faults.join(', ') || 'none'}`,
    `Sessions: ${sessions('dead')} dead, ${sessions('alive')} alive, ${sessions('unknown')} in doubt`,
    ...verdict(violations, signal.aborted),
    '',
  ];
  process.stdout.write(lines.join('\n'));
  if (signal.aborted) process.exitCode = 130;
  if (violations.length > 0) process.exitCode = 1;
}

function verdict(violations: readonly string[], isAborted: boolean): readonly string[] {
  if (violations.length > 0)
    return [`${violations.length} VIOLATIONS`, ...shownViolations(violations)];
  return isAborted
    ? ['Interrupted: no session was audited']
    : ['Audit: clean; it objected to two wrong expectations before'];
}

/**
 * Shows that the audit can fail: expectations that are wrong, in either direction, of real sessions.
 *
 * @throws Error unless the audit objects to each
 */
async function checkAudit(stack: Stack): Promise<void> {
  const request = { sub: randomUUID(), ttlSeconds: 60 };
  const alive = await issueSession(stack.direct, stack.signer, request);
  const ended = await issueSession(stack.direct, stack.signer, request);
  await endSession(stack.direct, ended.session);
  const wrong: Expectation[] = [
    { ...alive, state: 'dead', because: 'a lie' },
    { ...ended, state: 'alive', because: 'a lie' },
  ];
  const violations = await audit(wrong, (each) => observe(stack, each));
  const expected = ['alive in the table and 200 for /me', 'dead in the table and 401 for /me'];
  if (!expected.every((text, index) => violations[index]?.endsWith(`is ${text}`)))
    throw new Error(`The audit does not see a wrong session: ${JSON.stringify(violations)}`);
}

/** Looks at a session in the table, around the proxy, and asks `/me`. */
async function observe(stack: Stack, { session, token }: Expectation): Promise<Observation> {
  const isAlive = (await findSession(stack.direct, session)) !== null;
  return { isAlive, status: (await stack.ask('me', token))?.status };
}

await runCommand(main);
// Node 24 sometimes spins for ever in its clean-up of handles, after processes were killed and connections reset.
process.exit();
