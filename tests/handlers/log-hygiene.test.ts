import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { handler as logout } from '../../handlers/logout.ts';
import { handler as me } from '../../handlers/me.ts';
import type { FaultName, FaultOptions } from '../../support/fault-proxy.ts';
import { eventV1, eventV2 } from '../support/events.ts';
import { invoke } from '../support/lambda.ts';
import { useLog } from '../support/log.ts';
import { useProxiedStore } from '../support/proxied-store.ts';
import { encode, issueTestSession, signRaw, TEST_SECRET } from '../support/signing.ts';

const store = useProxiedStore();
const log = useLog();
const handlers = [logout, me];

/** The texts that no log line may hold: the header, the token, its long parts, the secret. */
function secretsOf(authorizations: Iterable<string>): Set<string> {
  const secrets = new Set([TEST_SECRET]);
  for (const authorization of authorizations) {
    const token = authorization.slice(authorization.indexOf(' ') + 1).trim();
    for (const text of [authorization, token]) if (text.length >= 8) secrets.add(text);
    for (const part of token.split('.')) if (part.length >= 16) secrets.add(part);
  }
  return secrets;
}

function leaksIn(text: string, authorizations: Iterable<string>): string[] {
  return [...secretsOf(authorizations)].filter((secret) => text.includes(secret));
}

const hour = () => Math.floor(Date.now() / 1_000) + 3_600;
const HS256 = { alg: 'HS256', typ: 'JWT' };
const claims = () => ({ sub: 'alice', jti: randomUUID(), exp: hour() });

/** One Authorization header of each kind, live ones with a session. */
async function authorizations(): Promise<string[]> {
  const live = (await issueTestSession(store.direct)).token;
  const expired = (await issueTestSession(store.direct, { ttlSeconds: -60 })).token;
  const tokens = [
    live,
    expired,
    `${live}=`,
    `${live} `,
    ` ${live}`,
    `${live} trailing words`,
    `${live},Bearer ${expired}`,
    signRaw(HS256, claims()),
    signRaw(HS256, claims(), `another secret ${randomUUID()}`),
    signRaw(HS256, { ...claims(), nbf: hour() }),
    signRaw(HS256, { ...claims(), jti: `#${randomUUID()}` }),
    signRaw(HS256, { ...claims(), jti: 7 }),
    signRaw(HS256, 'no JSON, but signed'),
    signRaw({ ...HS256, crit: ['exp'] }, claims()),
    signRaw({ ...HS256, typ: 'logout+jwt' }, claims()),
    signRaw({ ...HS256, alg: 'none' }, claims()),
    signRaw({ ...HS256, alg: 'RS256' }, claims()),
    signRaw({ ...HS256, jku: 'https://attacker.example/jwks' }, claims()),
    `${encode(HS256)}.${encode(claims())}.`,
    `${encode('no header at all')}.${encode(claims())}.${encode(randomUUID())}`,
    `${live.split('.').slice(0, 2).join('.')}.${encode('a forged signature, long enough')}`,
    randomUUID(),
    'a.b.c',
    '...',
    'x'.repeat(9_000),
    '\u00e4\u{1f512}'.repeat(20),
    'undefined',
  ];
  return [
    ...tokens.map((token) => `Bearer ${token}`),
    `bearer ${live}`,
    live,
    `Basic ${encode('alice:a long password')}`,
    `Digest username="alice", response="${randomUUID()}"`,
    'Bearer',
    'Bearer ',
    '',
  ];
}

const FAULTS: [FaultName | 'refused' | 'none', FaultOptions][] = [
  ['none', {}],
  ['refused', {}],
  ['reset-after-effect', {}],
  ['throttle', { times: 1 }],
  ['internal-error', {}],
  ['access-denied', {}],
  ['missing-table', {}],
  ['html', {}],
  ['truncated-json', {}],
];

describe('the log of a whole run', () => {
  test.each(FAULTS)(
    'is JSON in every line, and holds no credential (%s)',
    async (name, options) => {
      const sent: string[] = [];
      const headers = await authorizations();
      if (name !== 'none') await store.proxy.fault(name, options);
      const bodies: string[] = [];
      for (const authorization of headers) {
        sent.push(authorization);
        for (const event of [eventV2, eventV1])
          for (const handler of handlers)
            bodies.push((await invoke(handler, event({ headers: { authorization } }))).body);
      }
      const lines = log.lines();
      expect(lines.length).toBeGreaterThan(headers.length);
      for (const line of lines) expect(JSON.parse(line)).toMatchObject({ service: 'true-logout' });
      expect(leaksIn(lines.join('\n'), sent)).toEqual([]);
      expect(leaksIn(bodies.join('\n'), sent)).toEqual([]);
      const failed = bodies.filter((body) => 'error_id' in JSON.parse(body));
      const errors = log.outcomes().filter(({ level }) => level === 'ERROR');
      expect(errors.map(({ error_id }) => error_id)).toEqual(
        failed.map((body) => JSON.parse(body).error_id),
      );
      if (name !== 'none' && options.times === undefined) expect(failed).not.toEqual([]);
    },
  );
});

const withToken = (token: string) => eventV2({ headers: { Authorization: `Bearer ${token}` } });

test('a line says when, in UTC, where and what', async () => {
  await invoke(me, withToken('garbage'));
  expect(log.outcomes()).toEqual([
    expect.objectContaining({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: 'true-logout',
      route: 'POST /api/v1/auth/logout',
      request_id: 'lambda-request',
      message: 'check.refused',
      reason: 'malformed',
    }),
  ]);
});

test('a line says who by pseudonyms, by which one can follow a user and a session', async () => {
  const subs = ['alice@example.com', 'alice@example.com', 'bob@example.com'];
  const issued = await Promise.all(subs.map((sub) => issueTestSession(store.direct, { sub })));
  for (const { token } of issued) await invoke(logout, withToken(token));
  const [first, second, other] = log.outcomes();
  expect(first).toMatchObject({
    message: 'logout.ended',
    sub_hash: expect.stringMatching(/^[0-9a-f]{16}$/),
    jti_hash: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(second?.sub_hash).toBe(first?.sub_hash);
  expect(second?.jti_hash).not.toBe(first?.jti_hash);
  expect(other?.sub_hash).not.toBe(first?.sub_hash);
  const text = log.lines().join('\n');
  for (const { session } of issued) {
    expect(text).not.toContain(session.sub);
    expect(text).not.toContain(session.jti);
  }
});

test('what a client sends can’t make a line of its own', async () => {
  const { token, session } = await issueTestSession(store.direct);
  // A row that can't be read makes an error, whose line quotes the path.
  const row = { ...session, auth_time: 'yesterday' };
  await store.direct.client.send(new PutCommand({ TableName: store.direct.table, Item: row }));
  const forged = JSON.stringify({ level: 'INFO', message: 'logout.ended' });
  const path = `/x\n${forged}\r\n\u2028${forged}`;
  const headers = { Authorization: `Bearer ${token}` };
  expect((await invoke(me, eventV2({ path, headers }))).statusCode).toBe(500);
  expect(log.outcomes()).toEqual([expect.objectContaining({ message: 'error', path })]);
});
