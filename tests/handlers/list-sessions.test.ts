import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { handler } from '../../handlers/list-sessions.ts';
import { handler as logout } from '../../handlers/logout.ts';
import { createSession } from '../../lib/login/create-session.ts';
import type { NewSession } from '../../lib/login/issue.ts';
import { issueSession } from '../../lib/login/issue.ts';
import { hashId } from '../../lib/observability/hash-id.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { LOGGED_OUT, UNAUTHORIZED } from '../support/answers.ts';
import { eventV2, FORMATS } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, issueTestSession, signRaw, testSigner } from '../support/signing.ts';

const LIST = { method: 'GET', path: '/api/v1/auth/sessions' };
const HEADERS = LOGGED_OUT.headers;

const store = useProxiedStore();
const log = useLog();

/** Begins a session so many milliseconds ago. */
const begin = (sub: string, agoMs: number, request: Partial<NewSession> = {}) =>
  issueSession(
    store.direct,
    testSigner,
    { sub, ttlSeconds: 3_600, ...request },
    Date.now() - agoMs,
  );

const ask = (token: string, query: Record<string, string | string[]> = {}) =>
  invoke(handler, eventV2({ ...LIST, token, query }));

async function page(token: string, query: Record<string, string> = {}) {
  const response = await ask(token, query);
  expect({ ...response, body: '' }).toEqual({ statusCode: 200, headers: HEADERS, body: '' });
  const body: { sessions: Record<string, unknown>[]; next: string | null } = JSON.parse(
    response.body,
  );
  return body;
}

const idOf = ({ session }: { session: { jti: string } }) => encode(session.jti);

describe.each(FORMATS)('payload format %s', (_, request) => {
  test('lists the caller’s live sessions, newest first, and which of them asks', async () => {
    const sub = randomUUID();
    const old = await begin(sub, 2_000, { userAgent: 'Mozilla/5.0', ip: '192.0.2.1' });
    const recent = await begin(sub, 1_000);
    await begin(randomUUID(), 1_500);
    const { statusCode, headers, body } = await invoke(
      handler,
      request({ ...LIST, token: old.token }),
    );
    expect({ statusCode, headers }).toEqual({ statusCode: 200, headers: HEADERS });
    const iso = (ms: number) => new Date(ms).toISOString();
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

test('a user and a guest whose jti is the user’s sub see and end nothing of each other', async () => {
  const bob = randomUUID();
  const { token, session } = await begin(bob, 0);
  const guest = { ...session, sub: `#jti:${bob}`, jti: bob, sid: bob };
  await createSession(store.direct, guest);
  const guestToken = signRaw({ alg: 'HS256' }, { jti: bob, exp: session.expires_at });
  expect((await page(token)).sessions).toMatchObject([{ id: idOf({ session }) }]);
  expect((await page(guestToken)).sessions).toMatchObject([{ id: idOf({ session: guest }) }]);
  const everywhere = {
    method: 'POST',
    path: '/api/v1/auth/logout',
    query: { scope: 'everywhere' },
  };
  expect(await invoke(logout, eventV2({ ...everywhere, token: guestToken }))).toEqual(LOGGED_OUT);
  expect(await ask(guestToken)).toEqual(UNAUTHORIZED);
  expect((await page(token)).sessions).toHaveLength(1);
});

test('hands out no token, nor a part of one', async () => {
  const sub = randomUUID();
  const issued = [await begin(sub, 2_000), await begin(sub, 1_000)];
  const { body } = await ask(issued[0]?.token ?? '', { limit: '1' });
  for (const { token } of issued)
    for (const part of token.split('.').slice(1)) expect(body).not.toContain(part);
  expect(body).not.toContain('eyJ');
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

describe('limit', () => {
  test('of 1, of 100 and by default (20) is what a page holds', async () => {
    const sub = randomUUID();
    for (let index = 0; index < 101; index += 1) await begin(sub, index);
    const { token } = await begin(sub, 0);
    for (const [query, length] of [
      [{ limit: '1' }, 1],
      [{ limit: '100' }, 100],
      [{}, 20],
    ] as const) {
      const { sessions, next } = await page(token, query);
      expect(sessions).toHaveLength(length);
      expect(next).not.toBeNull();
    }
  });
});

test('leaves out a row that nobody can read, and says in the log which', async () => {
  const sub = randomUUID();
  const caller = await begin(sub, 1_000);
  const { sid: _, ...row } = (await begin(sub, 2_000)).session;
  await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item: row }));
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
  const caller = await issueTestSession(store.direct, { sub });
  const other = await issueTestSession(store.direct, { sub });
  const { sessions } = await page(caller.token);
  expect(new Map(sessions.map(({ id, current }) => [id, current]))).toEqual(
    new Map([
      [idOf(caller), true],
      [idOf(other), false],
    ]),
  );
});
