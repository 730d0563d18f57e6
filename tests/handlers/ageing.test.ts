/** Sessions that age, as the functions are deployed: IDLE_TIMEOUT and MAX_SESSIONS. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createSession } from '../../lib/login/create-session.ts';
import { hashId } from '../../lib/observability/hash-id.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { askFunction as ask } from '../support/ask-function.ts';
import { useFunctions } from '../support/fault-matrix/process.ts';
import { statusOfMe } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { signRaw, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
const IDLE_MS = 100_000;
/** Without IDLE_TIMEOUT. */
const { functions: off, start } = useFunctions(store);
const startWith = (variables: Readonly<Record<string, string>>) =>
  start({ JWT_SECRET: TEST_SECRET, ...variables });
const on = () => startWith({ IDLE_TIMEOUT: `${IDLE_MS / 1_000}` });

const CHECKS = ['me', 'listSessions', 'authorizer'] as const;
/** What a check costs without a use to write. */
const readsOf = (name: (typeof CHECKS)[number]) =>
  name === 'listSessions' ? ['BatchGetItem', 'Query'] : ['BatchGetItem'];

/** A session and its token; `unusedMs` ago it was used. */
async function begin(unusedMs?: number): Promise<{ session: Session; token: string }> {
  const nowMs = Date.now();
  const sub = randomUUID();
  const exp = Math.floor(nowMs / 1_000) + 600;
  const seen = unusedMs === undefined ? {} : { last_seen: nowMs - unusedMs };
  const session = { sub, jti: 'j', sid: 'j', auth_time: nowMs - 1, expires_at: exp, ...seen };
  await createSession(store.direct, session);
  return { session, token: signRaw({ alg: 'HS256' }, { sub, jti: 'j', exp }) };
}

describe.each(CHECKS)('with IDLE_TIMEOUT, %s', (name) => {
  test('lets in a session in use, and writes its use at most once in a tenth of the time-out', async () => {
    const { session, token } = await begin(IDLE_MS / 2);
    const functions = on();
    expect(await ask(functions, name, token)).toMatchObject({ status: 200 });
    expect(store.operations().filter((each) => each === 'UpdateItem')).toHaveLength(1);
    const [row] = await queryRows(store.direct, session.sub);
    expect(row).toEqual({ ...session, last_seen: expect.any(Number) });
    expect(Number(row?.last_seen)).toBeGreaterThan(session.last_seen ?? 0);
    await store.proxy.clear();
    expect(await ask(functions, name, token)).toMatchObject({ status: 200 });
    expect(store.operations()).toEqual(readsOf(name));
  });

  test('refuses one unused for longer, and says so in the log', async () => {
    const { session, token } = await begin(IDLE_MS + 1_000);
    expect(await ask(on(), name, token)).toMatchObject({ status: 401 });
    expect(store.operations()).toEqual(['BatchGetItem']);
    expect(log.outcomes()).toEqual([
      expect.objectContaining({
        ...{ message: 'check.refused', reason: 'session_idle' },
        ...{ sub_hash: hashId(session.sub), jti_hash: hashId('j') },
      }),
    ]);
  });

  test('lets in where the use cannot be written, and counts and logs that', async () => {
    const { session, token } = await begin(IDLE_MS / 2);
    await store.proxy.fault('access-denied', { operation: 'UpdateItem' });
    expect(await ask(on(), name, token)).toMatchObject({ status: 200 });
    expect(store.operations().filter((each) => each === 'UpdateItem')).toHaveLength(1);
    expect(log.outcomes()).toEqual([
      expect.objectContaining({
        message: 'touch.failed',
        reason: 'StoreError',
        error: expect.stringContaining('AccessDeniedException'),
      }),
    ]);
    expect(log.entries()).toContainEqual(expect.objectContaining({ 'touch.failed': 1 }));
    const text = log.lines().join('\n');
    for (const secret of [token, session.sub]) expect(text).not.toContain(secret);
  });
});

test('the list shows the last use with IDLE_TIMEOUT, null where none is written', async () => {
  const { session, token } = await begin(1_000);
  const { body } = await ask(on(), 'listSessions', token);
  const { last_seen, ...other } = JSON.parse(body).sessions[0];
  expect(last_seen).toBe(new Date(session.last_seen ?? 0).toISOString());
  expect(other).toHaveProperty('current', true);
  const { token: unseen } = await begin();
  await store.proxy.fault('access-denied', { operation: 'UpdateItem' });
  expect(JSON.parse((await ask(on(), 'listSessions', unseen)).body).sessions).toEqual([
    expect.objectContaining({ last_seen: null }),
  ]);
});

test.each(CHECKS)('without IDLE_TIMEOUT, %s has no byte and no call more', async (name) => {
  const { session, token } = await begin(10 * IDLE_MS);
  const used = await ask(off, name, token);
  const calls = store.operations();
  expect(used).toMatchObject({ status: 200 });
  expect(used.body).not.toContain('last_seen');
  expect(calls).toEqual(readsOf(name));
  expect(await queryRows(store.direct, session.sub)).toEqual([session]);
  for (const value of ['', '0'])
    expect(await ask(startWith({ IDLE_TIMEOUT: value }), name, token)).toEqual(used);
});

test('MAX_SESSIONS ends the oldest adopted session, and a line says by what', async () => {
  const sub = randomUUID();
  const now = Math.floor(Date.now() / 1_000);
  const tokenOf = (sid: string, auth_time: number) =>
    signRaw({ alg: 'HS256' }, { sub, sid, auth_time, exp: now + 600 });
  const phone = tokenOf('phone', now - 60);
  const laptop = tokenOf('laptop', now - 30);
  const limited = startWith({ SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid', MAX_SESSIONS: '1' });
  const me = (token: string) => statusOfMe(limited.me, token);
  expect(await me(phone)).toBe(200);
  expect(log.outcomes()).toEqual([]);
  expect(await me(laptop)).toBe(200);
  expect(log.outcomes()).toEqual([
    expect.objectContaining({
      ...{ message: 'logout.ended', scope: 'one', by: 'policy' },
      ...{ sub_hash: hashId(sub), jti_hash: hashId('phone') },
    }),
  ]);
  expect(log.entries()).toContainEqual(expect.objectContaining({ 'ended.policy': 1 }));
  expect([await me(phone), await me(laptop)]).toEqual([401, 200]);
});
