import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { audit, type Look } from '../../bench/soak/audit.ts';
import { type Entry, Ledger, type State } from '../../bench/soak/ledger.ts';
import { random } from '../../bench/soak/random.ts';
import { lookAt, soak } from '../../bench/soak/run.ts';
import { openStack } from '../../bench/soak/stack.ts';
import { forecast } from '../../bench/soak/weather.ts';
import { issueSession } from '../../lib/login/issue.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { runCommand } from '../support/commands.ts';

const SOAK_TIMEOUT_MS = 120_000;
const before = { ...process.env };
afterAll(() => {
  process.env = before;
});

function entry(state: State): Entry {
  const session = { sub: 'alice', jti: 's1', sid: 's1', auth_time: 1, expires_at: 2 };
  return { session, token: 'token', state, because: 'the test says so' };
}

describe('the audit', () => {
  const ALIVE: Look = { isAlive: true, status: 200 };
  const DEAD: Look = { isAlive: false, status: 401 };
  const looks = (...all: Look[]) => {
    const left = [...all];
    return async () => left.shift() ?? DEAD;
  };

  test.each<[State, Look[]]>([
    ['alive', [ALIVE]],
    ['dead', [DEAD]],
    ['unknown', [ALIVE, ALIVE]],
    ['unknown', [DEAD, DEAD]],
  ])('has nothing against a session that is %s and found so: %j', async (state, found) => {
    expect(await audit([entry(state)], looks(...found))).toEqual([]);
  });

  test.each<[State, Look[], string]>([
    ['dead', [ALIVE], 'alive in the table and 200 for /me'],
    ['dead', [{ isAlive: true, status: 401 }], 'alive in the table and 401 for /me'],
    ['dead', [{ isAlive: false, status: 200 }], 'dead in the table and 200 for /me'],
    ['dead', [{ isAlive: false, status: 500 }], 'dead in the table and 500 for /me'],
    ['alive', [DEAD], 'dead in the table and 401 for /me'],
    ['alive', [{ isAlive: true, status: undefined }], 'alive in the table and no answer for /me'],
    [
      'unknown',
      [
        { isAlive: true, status: 401 },
        { isAlive: true, status: 401 },
      ],
      'alive in the table and 401 for /me',
    ],
    [
      'unknown',
      [ALIVE, DEAD],
      'alive in the table and 200 for /me, and then dead in the table and 401 for /me',
    ],
  ])('objects to a session that is to be %s and is not: %j', async (state, found, text) => {
    const violations = await audit([entry(state)], looks(...found));
    expect(violations).toEqual([
      expect.stringContaining(`session s1, ${state} (the test says so), `),
    ]);
    expect(violations[0]).toContain(text);
  });
});

describe('the ledger', () => {
  test('keeps dead what an answer once called dead', () => {
    const ledger = new Ledger();
    ledger.add(entry('unknown'));
    ledger.note('s1', 'dead', 'logout answered 200');
    ledger.note('s1', 'unknown', 'logout answered 500');
    expect(ledger.get('s1')).toMatchObject({ state: 'dead', because: 'logout answered 200' });
    expect(ledger.ofUser('alice')).toEqual(ledger.entries);
    expect(ledger.ofUser('bob')).toEqual([]);
  });
});

test('the same seed plans the same events, and every kind of event has its turn', () => {
  const names = (seed: number) => forecast(3_000, random(seed)).map(({ at, name }) => [at, name]);
  expect(names(1)).toEqual(names(1));
  expect(names(1)).not.toEqual(names(2));
  const kinds = new Set(names(1).map(([, name]) => name));
  for (const name of ['process of logout killed', 'process of me killed', 'proxy restarted'])
    expect(kinds).toContain(name);
});

describe('on the stack', () => {
  let stack: Awaited<ReturnType<typeof openStack>>;
  beforeAll(async () => {
    stack = await openStack();
  }, SOAK_TIMEOUT_MS);
  afterAll(async () => stack[Symbol.asyncDispose]());

  test('the audit sees an outcome that lies, in either direction', async () => {
    const begin = () =>
      issueSession(stack.direct, stack.signer, { sub: randomUUID(), ttlSeconds: 60 });
    const ended = await begin();
    await endSession(stack.direct, ended.session);
    const entries: Entry[] = [
      { ...(await begin()), state: 'dead', because: 'logout answered 200, it is said' },
      { ...ended, state: 'alive', because: 'nobody logged it out, it is said' },
    ];
    expect(await audit(entries, (each) => lookAt(stack, each))).toEqual([
      expect.stringMatching(/, dead \(.*\), is alive in the table and 200 for \/me$/),
      expect.stringMatching(/, alive \(.*\), is dead in the table and 401 for \/me$/),
    ]);
  });

  test(
    'a small soak is clean; and is not, once a session comes back to life',
    async () => {
      const result = await soak(stack, { requests: 400, users: 8, seed: 3 });
      expect(result.violations).toEqual([]);
      expect(result.audited.dead).toBeGreaterThan(0);
      expect(result.audited.alive).toBeGreaterThan(0);
      const loggedOut = result.entries.find(({ because }) => because === 'logout answered 200');
      if (!loggedOut) throw new Error('nobody logged out');
      const { table, client } = stack.direct;
      // As if authenticated a second from now, so that no later logout of many ends it again.
      const Item = { ...loggedOut.session, auth_time: Date.now() + 1_000 };
      await client.send(new PutCommand({ TableName: table, Item }));
      expect(await audit(result.entries, (each) => lookAt(stack, each))).toEqual([
        expect.stringContaining(`session ${Item.jti}, dead (logout answered 200), is alive`),
      ]);
    },
    SOAK_TIMEOUT_MS,
  );
});

describe('npm run soak', () => {
  test(
    'ends with 0 and one table after some processes have died and the wire was cut',
    async () => {
      const args = ['bench/soak.ts', '--requests', '1500', '--seed', '7'];
      const { code, output } = await runCommand(process.execPath, args);
      expect(output).toContain('Audit: clean');
      expect(output).toMatch(/process of logout killed \(\d+\)/);
      expect(output).toMatch(/proxy restarted \(\d+\)/);
      expect(output).toMatch(/^everywhere +\d+ /m);
      expect(code).toBe(0);
    },
    SOAK_TIMEOUT_MS,
  );

  test('says what is wrong with its options', async () => {
    const { code, output } = await runCommand(process.execPath, [
      'bench/soak.ts',
      '--requests',
      '0',
    ]);
    expect(output).toContain('--requests takes a whole number above 0');
    expect(code).toBe(1);
  });
});
