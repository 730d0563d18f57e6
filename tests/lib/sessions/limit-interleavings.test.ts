/** Racing log-ins with a limit, under every order of their store operations; two that begin again, under many. */
import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { beginSession } from '../../../lib/login/issue.ts';
import { adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { revokeAll } from '../../../lib/sessions/revoke-many.ts';
import { FAR_NOW_MS as NOW_MS, useFrozenDate } from '../../support/clock.ts';
import {
  type Choose,
  exploreAll,
  exploreSome,
  useInterleavedStore,
} from '../../support/interleaving.ts';

jest.setTimeout(600_000);

const { interleaved, direct } = useInterleavedStore();
useFrozenDate(NOW_MS);

const active = async (sub: string) =>
  (await listSessions(direct, sub, { limit: 100 }, NOW_MS)).sessions.map(({ jti }) => jti);

/** @returns the `jti` of a session whose token would be signed now; none of one that is over already */
async function logIn(sub: string, maxSessions: number): Promise<string | undefined> {
  const { store } = interleaved;
  const session = await beginSession(store, { sub, ttlSeconds: 60, maxSessions }, NOW_MS);
  return session?.jti;
}

/** A session from a check of a provider's token that no check has met before. */
async function adopt(sub: string, jti: string): Promise<string | undefined> {
  const adoption = { maxAgeMs: 3_600_000, tokenIsSession: false, maxSessions: 1 };
  const session = { sub, jti, expires_at: NOW_MS / 1_000 + 60 };
  const claims = { auth_time: NOW_MS / 1_000 };
  const found = await adoptedSessions(interleaved.store, adoption).find(
    { session, claims },
    () => ({}),
  );
  return found.session?.jti;
}

/** @returns what each has begun; undefined for a log-in that has lost three times */
async function begun(tasks: readonly (() => Promise<string | undefined>)[], choose: Choose) {
  const outcomes = await interleaved.schedule(tasks, choose);
  return outcomes.map((each) => {
    if (each.status === 'answered') return each.value;
    expect(each).toMatchObject({ error: { message: 'Racing log-ins have ended the session' } });
    return undefined;
  });
}

describe('in any order', () => {
  test('two log-ins with a limit of one leave one, and begin no session that is over', async () => {
    await exploreSome(100, async (choose) => {
      const sub = randomUUID();
      const jtis = await begun(
        [1, 2].map(() => () => logIn(sub, 1)),
        choose,
      );
      const left = await active(sub);
      expect({ trace: interleaved.trace, left: left.length }).toMatchObject({ left: 1 });
      expect(jtis).toContain(left[0]);
    });
  });

  test('two adoptions with a limit of one leave the same one', async () => {
    const runs = await exploreAll(async (choose) => {
      const sub = randomUUID();
      const jtis = await begun(
        ['a', 'b'].map((jti) => () => adopt(sub, jti)),
        choose,
      );
      expect(jtis).toContain('a');
      expect(await active(sub)).toEqual(['a']);
    });
    expect(runs).toBeGreaterThan(20);
  });

  test('a log-in beside the end of all sessions begins none that is over as it is read', async () => {
    let later = 0;
    await exploreAll(async (choose) => {
      const sub = randomUUID();
      const endAll = () => revokeAll(interleaved.store, sub, NOW_MS).then(() => undefined);
      const [jti] = await begun([() => logIn(sub, 1), endAll], choose);
      const { trace } = interleaved;
      if (trace.lastIndexOf('0:Query') < trace.lastIndexOf('1:UpdateItem')) return;
      later += 1;
      expect({ trace, left: await active(sub) }).toMatchObject({ left: [jti] });
    });
    expect(later).toBeGreaterThan(1);
  });
});
