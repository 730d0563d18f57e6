import { describe, expect, test } from '@jest/globals';
import {
  audit,
  type Expectation,
  Expectations,
  type Observation,
  type State,
} from '../../support/expectations.ts';
import { runCommand } from '../support/commands.ts';

const SOAK_TIMEOUT_MS = 240_000;

function expectation(state: State): Expectation {
  const session = { sub: 'alice', jti: 's1', sid: 's1', auth_time: 1, expires_at: 2 };
  return { session, token: 'token', state, because: 'the test says so' };
}

describe('the audit', () => {
  const ALIVE: Observation = { isAlive: true, status: 200 };
  const DEAD: Observation = { isAlive: false, status: 401 };
  const observed = (...all: Observation[]) => {
    const left = [...all];
    return async () => left.shift() ?? DEAD;
  };

  const HALF: Observation = { isAlive: true, status: 401 };

  test.each<[State, Observation[], violation: string]>([
    ['alive', [ALIVE], ''],
    ['dead', [DEAD], ''],
    ['unknown', [ALIVE, ALIVE], ''],
    ['unknown', [DEAD, DEAD], ''],
    ['dead', [ALIVE], 'alive in the table and 200 for /me'],
    ['dead', [HALF], 'alive in the table and 401 for /me'],
    ['dead', [{ isAlive: false, status: 200 }], 'dead in the table and 200 for /me'],
    ['dead', [{ isAlive: false, status: 500 }], 'dead in the table and 500 for /me'],
    ['alive', [DEAD], 'dead in the table and 401 for /me'],
    ['alive', [{ isAlive: true, status: undefined }], 'alive in the table and no answer for /me'],
    ['unknown', [HALF, HALF], 'alive in the table and 401 for /me'],
    ['unknown', [ALIVE, DEAD], '200 for /me, and then dead in the table and 401 for /me'],
  ])('of a session that is %s and observed as %j: %s', async (state, found, violation) => {
    const violations = await audit([expectation(state)], observed(...found));
    const about = expect.stringContaining(`session s1, ${state} (the test says so), `);
    expect(violations).toEqual(violation === '' ? [] : [about]);
    expect(violations.join()).toContain(violation);
  });

  test('a session that an answer called dead stays dead', () => {
    const expectations = new Expectations();
    expectations.add(expectation('unknown'));
    expectations.note('s1', 'dead', 'logout answered 200');
    expectations.note('s1', 'unknown', 'logout answered 500');
    expect(expectations.of('s1')).toMatchObject({ state: 'dead', because: 'logout answered 200' });
  });
});

describe('npm run soak', () => {
  test(
    'ends with 0 after processes were killed and the connection was cut, with dead and living sessions to audit',
    async () => {
      const args = ['bench/soak.ts', '--requests', '800']; // each fault once
      const { code, output } = await runCommand(process.execPath, args);
      expect(output).toMatch(/^Sessions: [1-9]\d* dead, [1-9]\d* alive, /m);
      expect(output).toContain('Audit: clean');
      expect(output).toMatch(/process of logout killed \(\d+\)/);
      expect(output).toMatch(/proxy restarted \(\d+\)/);
      expect(output).toMatch(/^\| everywhere \| \d+ /m);
      expect(code).toBe(0);
    },
    SOAK_TIMEOUT_MS,
  );

  test('names a wrong option', async () => {
    const args = ['bench/soak.ts', '--requests', '0'];
    const { code, output } = await runCommand(process.execPath, args);
    expect(output).toContain('--requests takes a whole number above 0');
    expect(code).toBe(1);
  });
});
