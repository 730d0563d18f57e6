import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createSession, rotateSession } from '../../../lib/login/create-session.ts';
import { deleteRevoked } from '../../../lib/sessions/delete-revoked.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import type { RevokeScope } from '../../../lib/sessions/revoke-many.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { type InterleavedStore, openInterleavedStore } from '../../support/interleaving.ts';
import { openTestStore, type TestStore } from '../../support/store.ts';

/** Cutoff milliseconds of all races; both devices logged in before. */
const NOW_MS = 1_767_225_600_000;

// Hundreds of races, of up to twenty operations each, on a server that may be slow.
jest.setTimeout(120_000);

let direct: TestStore;
let interleaved: InterleavedStore;
beforeAll(async () => {
  direct = await openTestStore();
  interleaved = openInterleavedStore(direct.table);
});
afterAll(async () => {
  interleaved.store.client.destroy();
  await direct.close();
});

/** A user with two devices. */
async function devices(): Promise<{ readonly phone: Session; readonly laptop: Session }> {
  const sub = randomUUID();
  const of = (jti: string, auth_time: number): Session => {
    return { sub, jti, sid: jti, auth_time, expires_at: NOW_MS / 1_000 + 60 };
  };
  const [phone, laptop] = [of('phone', NOW_MS - 2_000), of('laptop', NOW_MS - 1_000)];
  for (const session of [phone, laptop]) await createSession(direct, session);
  return { phone, laptop };
}

/** What a login service does with a token that is to be refreshed. */
async function refresh({ sub, jti }: Session): Promise<boolean> {
  const rotation = { jti: `${jti}-${randomUUID()}`, expires_at: NOW_MS / 1_000 + 60 };
  return (await rotateSession(interleaved.store, { sub, jti }, rotation, NOW_MS)) !== null;
}

/**
 * What `POST /logout?scope=` does: the check, the cutoff, the sweep.
 *
 * @returns whether it would answer 200
 */
async function logout(session: Session, scope: RevokeScope, nowMs = NOW_MS): Promise<boolean> {
  const caller = await findSession(interleaved.store, session, nowMs);
  const cutoff =
    caller &&
    (await revokeMany(interleaved.store, { session: caller, cutoff: undefined }, scope, nowMs));
  // It has half a second, in which a slow server's turn may not come: then the rows stay, as they may.
  if (cutoff) await Promise.allSettled([deleteRevoked(interleaved.store, session.sub, cutoff)]);
  return cutoff !== null;
}

/** The chains that are alive, one name for each live session. */
async function alive({ sub }: Session): Promise<string[]> {
  const { sessions } = await listSessions(direct, sub, { limit: 100 }, NOW_MS);
  return sessions.map(({ sid }) => sid).sort();
}

const choices = fc.array(fc.nat({ max: 5 }), { minLength: 12, maxLength: 12 });

/** Tries a race in many orders of its store operations. */
async function inAnyOrder(race: (order: number[]) => Promise<void>, numRuns = 6): Promise<void> {
  await fc.assert(fc.asyncProperty(choices, race), { numRuns });
}

test('of racing refreshes of one token only one wins, and leaves one session', async () => {
  await inAnyOrder(async (order) => {
    const { phone } = await devices();
    const racers = [phone, phone, phone].map((session) => () => refresh(session));
    const won = await interleaved.race(racers, order);
    expect(won.filter((each) => each)).toHaveLength(1);
    expect(await alive(phone)).toEqual(['laptop', 'phone']);
  });
});

describe('a refresh that races with a logout of many', () => {
  test('survives no logout everywhere', async () => {
    await inAnyOrder(async (order) => {
      const { phone, laptop } = await devices();
      const racers = [() => logout(laptop, 'everywhere'), () => refresh(phone)];
      const [loggedOut] = await interleaved.race(racers, order);
      expect(loggedOut).toBe(true);
      expect(await alive(phone)).toEqual([]);
    });
  });

  test('survives no logout of the others, unless it is of the kept chain', async () => {
    await inAnyOrder(async (order) => {
      const { phone, laptop } = await devices();
      const racers = [() => logout(laptop, 'others'), () => refresh(phone)];
      const [loggedOut] = await interleaved.race(racers, order);
      expect(loggedOut).toBe(true);
      expect(await alive(phone)).toEqual(['laptop']);
    });
  });

  test('of the kept chain goes on', async () => {
    await inAnyOrder(async (order) => {
      const { phone, laptop } = await devices();
      const racers = [() => logout(laptop, 'others'), () => refresh(laptop)];
      const [loggedOut, refreshed] = await interleaved.race(racers, order);
      expect(refreshed).toBe(true);
      // The refresh may have been first: then the token that asked was dead, and ended nothing.
      expect(await alive(phone)).toEqual(loggedOut ? ['laptop'] : ['laptop', 'phone']);
    });
  });
});

describe('two devices that log out at once', () => {
  test.each([0, -10, 10])(
    'each the other: one goes on, the other is told (clocks %i ms apart)',
    async (apartMs) => {
      await inAnyOrder(async (order) => {
        const { phone, laptop } = await devices();
        const racers = [
          () => logout(phone, 'others'),
          () => logout(laptop, 'others', NOW_MS + apartMs),
        ];
        const [byPhone, byLaptop] = await interleaved.race(racers, order);
        expect([byPhone, byLaptop].sort()).toEqual([false, true]);
        expect(await alive(phone)).toEqual([byPhone ? 'phone' : 'laptop']);
      }, 8);
    },
  );

  test.each([0, -10, 10])(
    'one everywhere, the other its others: what is answered is true (clocks %i ms apart)',
    async (apartMs) => {
      await inAnyOrder(async (order) => {
        const { phone, laptop } = await devices();
        const racers = [
          () => logout(phone, 'everywhere'),
          () => logout(laptop, 'others', NOW_MS + apartMs),
        ];
        const [everywhere, others] = await interleaved.race(racers, order);
        expect([everywhere, others].sort()).toEqual([false, true]);
        expect(await alive(phone)).toEqual(everywhere ? [] : ['laptop']);
      }, 8);
    },
  );

  test('both everywhere: nobody is left', async () => {
    await inAnyOrder(async (order) => {
      const { phone, laptop } = await devices();
      const racers = [phone, laptop].map((session) => () => logout(session, 'everywhere'));
      const answers = await interleaved.race(racers, order);
      expect(answers).toContain(true);
      expect(await alive(phone)).toEqual([]);
    });
  });
});

test('one device that asks many times at once is never told that it had failed', async () => {
  await inAnyOrder(async (order) => {
    const { phone } = await devices();
    const clocks = [0, 3, -4, 1, -2];
    const racers = clocks.map((ms) => () => logout(phone, 'others', NOW_MS + ms));
    expect(await interleaved.race(racers, order)).toEqual(clocks.map(() => true));
    expect(await alive(phone)).toEqual(['phone']);
  }, 15);
});

test('no success is false, whatever races with whatever', async () => {
  const kind = fc.constantFrom('refresh', 'others', 'everywhere');
  const act = fc.record({
    kind,
    who: fc.constantFrom('phone', 'laptop'),
    apartMs: fc.integer({ min: -5, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 2, maxLength: 5 }),
      choices,
      async (acts, order) => {
        const both = await devices();
        const racers = acts.map(({ kind, who, apartMs }) => () => {
          const session = who === 'phone' ? both.phone : both.laptop;
          return kind === 'refresh'
            ? refresh(session)
            : logout(session, kind === 'others' ? 'others' : 'everywhere', NOW_MS + apartMs);
        });
        const answers = await interleaved.race(racers, order);
        const left = await alive(both.phone);
        acts.forEach(({ kind, who }, index) => {
          if (!answers[index]) return;
          if (kind === 'everywhere') expect(left).toEqual([]);
          if (kind === 'others') expect(left.filter((sid) => sid !== who)).toEqual([]);
        });
        expect(new Set(left).size).toBe(left.length);
      },
    ),
    { numRuns: 40 },
  );
});
