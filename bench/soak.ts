/**
 * npm run soak                       16,000 requests, some two minutes
 * npm run soak -- --requests 1500    fewer
 *
 * A mixed load over HTTP (log-ins, /me, logout of this, others and everywhere, refreshes, garbage) while
 * functions' processes are killed and the connection to the store breaks in many ways. Then every session is
 * audited: dead after a logout that was answered 200, alive without one, and one of the two after a 500 or no
 * answer.
 *
 * Ends with 1 when an answer or a session is wrong.
 */
import { parseArgs } from 'node:util';
import { findSession } from '../lib/sessions/sessions.ts';
import { positiveNumber, runCommand } from '../support/command-line.ts';
import {
  audit,
  type Expectation,
  Expectations,
  type Observation,
  type State,
} from '../support/expectations.ts';
import { showLine, shownViolations } from './progress.ts';
import { table } from './report.ts';
import { faultSchedule } from './soak/fault-schedule.ts';
import { openStack, type Stack } from './soak/stack.ts';
import { ACTIONS, RESULTS, User } from './soak/user.ts';

const USERS = 16;
/** Actions after which another user takes a user's place, so that nobody has thousands of sessions. */
const ACTIONS_OF_A_USER = 60;

async function soak(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      requests: { type: 'string', default: '16000' },
    },
  });
  const requests = positiveNumber('--requests', values.requests);

  showLine('starting the service');
  await using stack = await openStack();
  const expectations = new Expectations();
  const violations: string[] = [];
  const violation = (text: string) => void violations.push(text);
  const run = { stack, expectations, violation };
  const schedule = faultSchedule(requests);
  const injected: string[] = [];
  /** By action and result. */
  const counts = new Map<string, number>();
  let begun = 0;

  async function work(): Promise<void> {
    let user = new User(run);
    for (let done = 1; begun < requests; done += 1) {
      begun += 1;
      if (begun % 100 === 0) showLine(`load: ${begun} of ${requests}`);
      const fault = schedule.get(begun);
      if (fault) injected.push(fault.name);
      await fault?.inject(stack);
      const { action, result } = await user.act();
      const what = `${action} ${result}`;
      counts.set(what, (counts.get(what) ?? 0) + 1);
      if (done % ACTIONS_OF_A_USER === 0) user = new User(run);
    }
  }
  await Promise.all(Array.from({ length: USERS }, work));
  await stack.proxy.clear();
  const { all } = expectations;
  violations.push(...(await audit(all, (each) => observe(stack, each))));
  showLine('');

  const rows = Object.keys(ACTIONS).map((action) => [
    action,
    ...RESULTS.map((result) => counts.get(`${action} ${result}`) ?? '-'),
  ]);
  const faults = Object.entries(Object.groupBy(injected, (name) => name)).map(
    ([name, times]) => `${name} (${times?.length})`,
  );
  const sessions = (state: State) => all.filter((each) => each.state === state).length;
  const lines = [
    '',
    `${requests} requests of ${USERS} users at once`,
    '',
    ...table(['', ...RESULTS.map(String)], rows),
    '',
    `Faults: ${faults.join(', ') || 'none'}`,
    `Sessions: ${sessions('dead')} dead, ${sessions('alive')} alive, ${sessions('unknown')} in doubt`,
    violations.length > 0 ? `${violations.length} VIOLATIONS` : 'Audit: clean',
    ...shownViolations(violations),
    '',
  ];
  process.stdout.write(lines.join('\n'));
  return violations.length > 0 ? 1 : 0;
}

/** Looks at a session in the table, around the proxy, and asks `/me`. */
async function observe(stack: Stack, { session, token }: Expectation): Promise<Observation> {
  const isAlive = (await findSession(stack.direct, session)) !== null;
  return { isAlive, status: (await stack.ask('me', token))?.status };
}

await runCommand(soak);
// Node 24 sometimes spins for ever in its clean-up of handles, after processes were killed and connections reset.
process.exit();
