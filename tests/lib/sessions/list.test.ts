import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Cursor } from '../../../lib/sessions/cursor.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { revokeMany } from '../../../lib/sessions/revoke-many.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { endSession, findSession } from '../../../lib/sessions/sessions.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { beginSession, NOW_MS, putRow } from '../../support/session-rows.ts';

const TIME = { N: `${NOW_MS - 1_000}` };
const LIFE = { N: '4000000000' };

const store = useProxiedStore();

const begin = (sub: string, jti: string, changes: Partial<Session> = {}) =>
  beginSession(store.direct, sub, jti, changes);

const jtis = (sessions: readonly Session[]) => sessions.map(({ jti }) => jti);
const list = (sub: string, limit = 100, after?: Cursor) =>
  listSessions(store.proxied, sub, { limit, after }, NOW_MS);

const put = (sub: string, jti: string, row: Record<string, AttributeValue>) =>
  putRow(store.direct, sub, jti, row);

describe('the list', () => {
  test('is newest first, strongly consistent, and of one user', async () => {
    const sub = randomUUID();
    await begin(sub, 'old', { auth_time: NOW_MS - 3_000 });
    await begin(sub, 'new', { auth_time: NOW_MS - 1_000 });
    await begin(sub, 'middle', { auth_time: NOW_MS - 2_000 });
    await begin(randomUUID(), 'stranger');
    const { sessions, next } = await list(sub);
    expect(jtis(sessions)).toEqual(['new', 'middle', 'old']);
    expect(next).toBeNull();
    expect(store.proxy.requests()).toMatchObject([
      { operation: 'Query', body: { ConsistentRead: true } },
    ]);
  });

  test('gives a session back as it was written', async () => {
    const session = await begin(randomUUID(), 'a', { user_agent: 'Mozilla/5.0', ip: '192.0.2.1' });
    expect((await list(session.sub)).sessions).toEqual([session]);
  });

  test('is empty for a user without sessions', async () => {
    expect(await list(randomUUID())).toEqual({ sessions: [], next: null, unreadable: [] });
  });

  test('leaves out what has expired, though TTL has not deleted it', async () => {
    const sub = randomUUID();
    await begin(sub, 'at its end', { expires_at: NOW_MS / 1_000 });
    await begin(sub, 'long over', { expires_at: 1 });
    await begin(sub, 'a second to go', { expires_at: NOW_MS / 1_000 + 1 });
    expect(jtis((await list(sub)).sessions)).toEqual(['a second to go']);
  });

  test('leaves out what a cutoff has ended, but for the chain that it keeps', async () => {
    const sub = randomUUID();
    const caller = await begin(sub, 'caller');
    await begin(sub, 'other');
    await begin(sub, 'refreshed', { sid: 'caller' });
    await revokeMany(store.direct, { session: caller, cutoff: undefined }, 'others', NOW_MS);
    await begin(sub, 'later', { auth_time: NOW_MS + 1 });
    expect(jtis((await list(sub)).sessions)).toEqual(['later', 'caller', 'refreshed']);
  });

  test.each<[attribute: string, Record<string, AttributeValue>]>([
    ['sid', { auth_time: TIME, expires_at: LIFE }],
    ['auth_time', { sid: { S: 'a' }, expires_at: LIFE }],
    ['auth_time', { sid: { S: 'a' }, auth_time: { S: 'yesterday' }, expires_at: LIFE }],
    ['expires_at', { sid: { S: 'a' }, auth_time: TIME }],
  ])('names a row whose %s nobody can read, and shows the others', async (attribute, row) => {
    const sub = randomUUID();
    for (const jti of ['a', 'c']) await begin(sub, jti);
    await put(sub, 'b', row);
    const { sessions, next, unreadable } = await list(sub, 1);
    expect(jtis(sessions)).toEqual(['a']);
    expect(unreadable).toEqual([{ session: { sub, jti: 'b' }, attribute }]);
    const rest = await list(sub, 1, next ?? undefined);
    expect({ ...rest, sessions: jtis(rest.sessions) }).toEqual({
      ...{ sessions: ['c'], next: null, unreadable },
    });
    await expect(findSession(store.proxied, { sub, jti: 'b' }, NOW_MS)).rejects.toThrow(attribute);
    expect(await endSession(store.proxied, { sub, jti: 'b' })).toBe(true);
    expect((await list(sub)).unreadable).toEqual([]);
  });

  test('takes no other row of a reserved key for a session', async () => {
    const sub = randomUUID();
    await begin(sub, 'a');
    await put(sub, '#something-to-come', {});
    const { sessions, unreadable } = await list(sub);
    expect(jtis(sessions)).toEqual(['a']);
    expect(unreadable).toEqual([]);
  });
});

describe('pages', () => {
  test('together hold every session once, newest first, for any limit', async () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 999 }), { minLength: 1, maxLength: 12 });
    // Few different times, so that many sessions began at once.
    const time = (number: number) => NOW_MS - 1 - (number % 3);
    await fc.assert(
      fc.asyncProperty(numbers, fc.integer({ min: 1, max: 13 }), async (ids, limit) => {
        const sub = randomUUID();
        for (const id of ids) await begin(sub, `s${id}`, { auth_time: time(id) });
        const seen: Session[] = [];
        let pages = 0;
        let after: Cursor | undefined;
        do {
          const page = await list(sub, limit, after);
          seen.push(...page.sessions);
          pages += 1;
          after = page.next ?? undefined;
        } while (after);
        expect(pages).toBe(Math.ceil(ids.length / limit));
        expect(jtis(seen).sort()).toEqual(ids.map((id) => `s${id}`).sort());
        const times = seen.map(({ auth_time }) => auth_time);
        expect(times).toEqual(times.toSorted((one, other) => other - one));
      }),
      { numRuns: 25 },
    );
  });

  test('go on where they were, though sessions begin and end between them', async () => {
    const sub = randomUUID();
    for (const [index, jti] of ['a', 'b', 'c', 'd'].entries())
      await begin(sub, jti, { auth_time: NOW_MS - 10 - index });
    const first = await list(sub, 2);
    await begin(sub, 'newest', { auth_time: NOW_MS - 1 });
    expect(jtis((await list(sub, 2, first.next ?? undefined)).sessions)).toEqual(['c', 'd']);
    const gone = { auth_time: NOW_MS - 10, jti: 'a session that is no more' };
    expect(jtis((await list(sub, 9, gone)).sessions)).toEqual(['a', 'b', 'c', 'd'].slice(1));
  });

  test('of a position that another user’s list gave are one’s own sessions', async () => {
    const [sub, stranger] = [randomUUID(), randomUUID()];
    for (const jti of ['a', 'b', 'c']) await begin(stranger, jti);
    const { next } = await list(stranger, 1);
    await begin(sub, 'mine');
    expect(jtis((await list(sub, 9, next ?? undefined)).sessions)).toEqual(['mine']);
  });
});
