import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { issueSession, refreshSession } from '../../../lib/login/issue.ts';
import { adoptedSessions } from '../../../lib/sessions/adopted.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { useProxiedStore } from '../../support/proxied-store.ts';
import { testSigner } from '../../support/signing.ts';

const store = useProxiedStore();

async function logIn(sub: string, maxSessions: number, jti?: string) {
  const ended: Session[] = [];
  const onEnded = (sessions: readonly Session[]) => ended.push(...sessions);
  const request = { sub, jti, maxSessions, onEnded, ttlSeconds: 60 };
  const { session } = await issueSession(store.proxied, testSigner, request);
  return { session, ended: ended.map((each) => each.jti) };
}

const active = async (sub: string) =>
  (await listSessions(store.direct, sub, { limit: 100 })).sessions.map(({ jti }) => jti);

describe('a log-in with a limit', () => {
  test('ends the oldest sessions, and says which', async () => {
    const sub = randomUUID();
    expect(await logIn(sub, 2, 'a')).toMatchObject({ ended: [] });
    expect(await logIn(sub, 2, 'b')).toMatchObject({ ended: [] });
    expect(await logIn(sub, 2, 'c')).toMatchObject({ ended: ['a'] });
    expect(await active(sub)).toEqual(['c', 'b']);
    expect(await logIn(sub, 1, 'd')).toMatchObject({ ended: ['b', 'c'] });
    expect(await active(sub)).toEqual(['d']);
  });

  test('is newer than a session of a clock that is ahead', async () => {
    const sub = randomUUID();
    const nowMs = Date.now() + 60_000;
    await issueSession(store.direct, testSigner, { sub, jti: 'ahead', ttlSeconds: 600 }, nowMs);
    expect((await logIn(sub, 1, 'now')).ended).toEqual(['ahead']);
    expect(await active(sub)).toEqual(['now']);
  });

  test('counts a refreshed session once, by its log-in', async () => {
    const sub = randomUUID();
    const { session } = await logIn(sub, 2, 'a');
    await logIn(sub, 2, 'b');
    await refreshSession(store.direct, testSigner, session, { jti: 'a2', ttlSeconds: 60 });
    expect((await logIn(sub, 2, 'c')).ended).toEqual(['a2']);
    expect(await active(sub)).toEqual(['c', 'b']);
  });

  test.each([1, 2])('leaves %i of six that race, each with its token', async (max) => {
    const sub = randomUUID();
    const results = await Promise.allSettled(
      ['1', '2', '3', '4', '5', '6'].map((jti) => logIn(sub, max, jti)),
    );
    const left = await active(sub);
    expect(left).toHaveLength(max);
    const signed = results.flatMap((each) =>
      each.status === 'fulfilled' ? [each.value.session.jti] : [],
    );
    expect(signed).toEqual(expect.arrayContaining(left));
  });

  test.each([0, -1, 1.5, Number.NaN])('of %d is refused', async (max) => {
    await expect(logIn(randomUUID(), max)).rejects.toThrow('maxSessions must be a whole number');
  });
});

describe('an adoption with a limit', () => {
  const check = (sub: string, jti: string, auth_time: number) => {
    const adoption = { maxAgeMs: 3_600_000, tokenIsSession: false, maxSessions: 2 };
    const session = { sub, jti, expires_at: Math.floor(Date.now() / 1_000) + 60 };
    return adoptedSessions(store.proxied, adoption).find(
      { session, claims: { auth_time } },
      () => ({}),
    );
  };
  const seconds = Math.floor(Date.now() / 1_000) - 100;

  test('ends the session whose log-in is the oldest', async () => {
    const sub = randomUUID();
    await check(sub, 'a', seconds);
    await check(sub, 'b', seconds + 1);
    const { ended } = await check(sub, 'c', seconds + 2);
    expect(ended?.map(({ jti }) => jti)).toEqual(['a']);
    expect(await check(sub, 'a', seconds)).toEqual({ denial: 'session_ended' });
    expect(await active(sub)).toEqual(['c', 'b']);
  });

  test('denies a session that is older than those that are in', async () => {
    const sub = randomUUID();
    await check(sub, 'b', seconds + 1);
    await check(sub, 'c', seconds + 2);
    expect(await check(sub, 'a', seconds)).toMatchObject({ denial: 'session_ended' });
    expect(await active(sub)).toEqual(['c', 'b']);
  });

  test('costs a known session nothing', async () => {
    const sub = randomUUID();
    await check(sub, 'a', seconds);
    await store.proxy.clear();
    await check(sub, 'a', seconds);
    expect(store.operations()).toEqual(['BatchGetItem']);
  });
});
