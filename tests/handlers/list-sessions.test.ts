import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { handler } from '../../handlers/list-sessions.ts';
import type { NewSession } from '../../lib/login/issue.ts';
import { issueSession } from '../../lib/login/issue.ts';
import { hashId } from '../../lib/observability/hash-id.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { HEADERS, UNAUTHORIZED } from '../support/answers.ts';
import { eventV2, FORMATS } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { writeRow } from '../support/session-rows.ts';
import { encode, type Issued, testSigner } from '../support/signing.ts';

const LIST = { method: 'GET', path: '/api/v1/auth/sessions' };

const store = useProxiedStore();
const log = useLog();

const NOW_MS = Date.now();

/** Begins a session so many milliseconds before these tests. */
const begin = (sub: string, agoMs: number, request: Partial<NewSession> = {}) =>
  issueSession(store.direct, testSigner, { sub, ttlSeconds: 3_600, ...request }, NOW_MS - agoMs);

const ask = (token: string, query: Record<string, string | string[]> = {}) =>
  invoke(handler, eventV2({ ...LIST, token, query }));

async function page(token: string, query: Record<string, string> = {}) {
  const { body, ...response } = await ask(token, query);
  expect(response).toEqual({ statusCode: 200, headers: HEADERS });
  const { sessions, next }: { sessions: Record<string, unknown>[]; next: string | null } =
    JSON.parse(body);
  return { sessions, next };
}

const idOf = ({ session }: Pick<Issued, 'session'>) => encode(session.jti);
const iso = (ms: number) => new Date(ms).toISOString();

describe.each(FORMATS)('payload format %s', (_, request) => {
  test('lists the caller’s live sessions, newest first, and which of them asks', async () => {
    const sub = randomUUID();
    const old = await begin(sub, 2_000, { userAgent: 'Mozilla/5.0', ip: '192.0.2.1' });
    const recent = await begin(sub, 1_000);
    await begin(randomUUID(), 1_500);
    const event = request({ ...LIST, token: old.token });
    const { body, ...response } = await invoke(handler, event);
    expect(response).toEqual({ statusCode: 200, headers: HEADERS });
    expect(JSON.parse(body)).toEqual({
      sessions: [
        {
          id: idOf(recent),
          auth_time: iso(recent.session.auth_time),
          expires_at: iso(recent.session.expires_at * 1_000),
          user_agent: null,
          ip: null,
          current: false,
        },
        {
          id: idOf(old),
          auth_time: iso(old.session.auth_time),
          expires_at: iso(old.session.expires_at * 1_000),
          user_agent: 'Mozilla/5.0',
          ip: '192.0.2.1',
          current: true,
        },
      ],
      next: null,
    });
    expect(store.operations()).toEqual(['BatchGetItem', 'Query']);
  });
});

test.each([
  ['that was logged out', true],
  ['that is garbage', false],
])('a token %s: the 401 of /me, before any parameter is looked at', async (_, real) => {
  const { token, session } = await begin(randomUUID(), 1_000);
  await endSession(store.direct, session);
  expect(await ask(real ? token : 'garbage', { limit: 'abc', next: '%' })).toEqual(UNAUTHORIZED);
  expect(store.operations()).toEqual(real ? ['BatchGetItem'] : []);
});

test('hands out pages of what `limit` says, and no token, nor a part of one', async () => {
  const sub = randomUUID();
  const issued = [await begin(sub, 3_000), await begin(sub, 2_000), await begin(sub, 1_000)];
  const [first, second, third] = issued.map(idOf).reverse();
  const { token } = issued[0] ?? (await begin(sub, 0));
  const { sessions, next } = await page(token, { limit: '2' });
  expect(sessions.map(({ id }) => id)).toEqual([first, second]);
  const rest = await page(token, { limit: '2', next: next ?? '' });
  expect(rest).toMatchObject({ sessions: [{ id: third }], next: null });
  const text = JSON.stringify([sessions, next, rest]);
  for (const { token: other } of issued)
    for (const part of other.split('.').slice(1)) expect(text).not.toContain(part);
  expect(text).not.toContain('eyJ');
});

test('leaves out a row that nobody can read, and says in the log which', async () => {
  const sub = randomUUID();
  const caller = await begin(sub, 1_000);
  const { sid: _, ...row } = (await begin(sub, 2_000)).session;
  await writeRow(store.direct, row);
  expect((await page(caller.token)).sessions.map(({ id }) => id)).toEqual([idOf(caller)]);
  expect(log.outcomes()).toEqual([
    expect.objectContaining({
      message: 'list.row_unreadable',
      route: expect.any(String),
      reason: 'sid',
      sub_hash: hashId(sub),
      jti_hash: hashId(row.jti),
    }),
  ]);
  expect(log.entries()).toContainEqual(expect.objectContaining({ 'list.row_unreadable': 1 }));
  expect(log.lines().join('\n')).not.toContain(row.jti);
});

test('of sessions that began at once only the asking one is current', async () => {
  const sub = randomUUID();
  const [caller, other] = [await begin(sub, 1_000), await begin(sub, 1_000)];
  const { sessions } = await page(caller.token);
  const current = new Map(sessions.map(({ id, current }) => [id, current]));
  expect([current.get(idOf(caller)), current.get(idOf(other))]).toEqual([true, false]);
});
