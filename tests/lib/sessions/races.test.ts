/** Logouts of many and refreshes by two devices at once: what interleavings.test.ts lacks, as it ends one family. */
import { randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { rotateSession } from '../../../lib/login/create-session.ts';
import { deleteRevoked } from '../../../lib/sessions/delete-revoked.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { type RevokeScope, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { type Choose, exploreSome, useInterleavedStore } from '../../support/interleaving.ts';
import { beginSession, NOW_MS } from '../../support/session-rows.ts';

// Hundreds of races, of up to twenty operations each, on a server that may be slow.
jest.setTimeout(120_000);

const { interleaved, direct } = useInterleavedStore();

type Device = 'phone' | 'laptop';

/** What a device asks for, and how far the clock of the answering function is ahead, in milliseconds. */
type Act = readonly [kind: 'refresh' | RevokeScope, who: Device, aheadMs?: number];

async function act(session: Session, [kind, , aheadMs = 0]: Act): Promise<boolean> {
  const { store } = interleaved;
  if (kind === 'refresh') {
    const rotation = { jti: `${session.jti}-${randomUUID()}`, expires_at: session.expires_at };
    return (await rotateSession(store, session, rotation, NOW_MS)) !== null;
  }
  const nowMs = NOW_MS + aheadMs;
  const caller = await findSession(store, session, nowMs);
  const cutoff =
    caller && (await revokeMany(store, { session: caller, cutoff: undefined }, kind, nowMs));
  // The deletion has half a second, in which a slow server's turn may not come: then the rows stay, as they may.
  if (cutoff) await Promise.allSettled([deleteRevoked(store, session.sub, cutoff)]);
  return cutoff !== null;
}

/** Begins a session on both devices, and runs the acts at once. */
async function race(acts: readonly Act[], choose: Choose) {
  const sub = randomUUID();
  const begin = (jti: Device) => beginSession(direct, sub, jti);
  const sessions = { phone: await begin('phone'), laptop: await begin('laptop') };
  const tasks = acts.map((each) => () => act(sessions[each[1]], each));
  const outcomes = await interleaved.schedule(tasks, choose);
  const succeeded = outcomes.map((outcome) => {
    if (outcome.status === 'answered') return outcome.value;
    throw new Error('An act failed', { cause: outcome });
  });
  const { sessions: left } = await listSessions(direct, sub, { limit: 100 }, NOW_MS);
  return { succeeded, alive: left.map(({ sid }) => sid).sort() };
}

test('a refresh of the token family that a logout of the others keeps goes on', async () => {
  await exploreSome(6, async (choose) => {
    const acts: Act[] = [
      ['others', 'laptop'],
      ['refresh', 'laptop'],
    ];
    const { succeeded, alive } = await race(acts, choose);
    expect(succeeded[1]).toBe(true);
    // The refresh may have been first: then the token that asked was dead, and ended nothing.
    expect(alive).toEqual(succeeded[0] ? ['laptop'] : ['laptop', 'phone']);
  });
});

describe('two devices that log out at once', () => {
  test.each([0, -10, 10])(
    'each the other, or one everywhere: one is told, and what it is told is true (clocks %i ms apart)',
    async (apartMs) => {
      for (const scope of ['others', 'everywhere'] as const)
        await exploreSome(8, async (choose) => {
          const acts: Act[] = [
            [scope, 'phone'],
            ['others', 'laptop', apartMs],
          ];
          const { succeeded, alive } = await race(acts, choose);
          const [byPhone, byLaptop] = succeeded;
          expect(byPhone).not.toBe(byLaptop);
          const kept = scope === 'others' ? ['phone'] : [];
          expect(alive).toEqual(byPhone ? kept : ['laptop']);
        });
    },
  );

  test('both everywhere: nobody is left', async () => {
    await exploreSome(6, async (choose) => {
      const acts: Act[] = [
        ['everywhere', 'phone'],
        ['everywhere', 'laptop'],
      ];
      const { succeeded, alive } = await race(acts, choose);
      expect(succeeded).toContain(true);
      expect(alive).toEqual([]);
    });
  });
});

test('one device that asks many times at once is never told that it had failed', async () => {
  await exploreSome(15, async (choose) => {
    const acts = [0, 3, -4, 1, -2].map((aheadMs): Act => ['others', 'phone', aheadMs]);
    const { succeeded, alive } = await race(acts, choose);
    expect(succeeded).toEqual(acts.map(() => true));
    expect(alive).toEqual(['phone']);
  });
});

test('no success is false, whatever races with whatever', async () => {
  const acts = fc.array(
    fc.tuple(
      fc.constantFrom<Act[0]>('refresh', 'others', 'everywhere'),
      fc.constantFrom<Device>('phone', 'laptop'),
      fc.integer({ min: -5, max: 5 }),
    ),
    { minLength: 2, maxLength: 5 },
  );
  const order = fc.array(fc.nat({ max: 5 }), { minLength: 12, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(acts, order, async (several, choices) => {
      const left = [...choices];
      const { succeeded, alive } = await race(several, (options) => (left.shift() ?? 0) % options);
      several.forEach(([kind, who], index) => {
        if (!succeeded[index]) return;
        if (kind === 'everywhere') expect(alive).toEqual([]);
        if (kind === 'others') expect(alive.filter((sid) => sid !== who)).toEqual([]);
      });
      expect(new Set(alive).size).toBe(alive.length);
    }),
    { numRuns: 40 },
  );
});
