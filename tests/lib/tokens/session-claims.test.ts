import { hash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { LAST_EXPIRES_AT } from '../../../lib/sessions/session.ts';
import { type SessionClaims, sessionOf } from '../../../lib/tokens/session-claims.ts';

const single = { userClaim: 'sub', sessionClaim: 'jti', partitionPrefix: '' };
const PREFIX = 'https://login.example/|';

/** The key of the session that claims (JSON) name, as `sub` and `jti`. */
function keyOf(json: string, changes: Partial<SessionClaims> = {}, token = 'h.p.s') {
  const session = sessionOf(JSON.parse(json), token, { ...single, ...changes });
  return session && [session.sub, session.jti];
}

describe('the claims that name user and session', () => {
  test.each<[string, Partial<SessionClaims>, string[] | null]>([
    ['{"sub":"u","jti":"j"}', {}, ['u', 'j']],
    ['{"jti":"j"}', {}, ['#jti:j', 'j']],
    ['{"sub":"u"}', {}, null],
    ['{"sub":"u","sid":"s","jti":"j"}', { sessionClaim: 'sid' }, ['u', 's']],
    ['{"sub":"u","jti":"j"}', { sessionClaim: 'sid' }, null],
    ['{"oid":"o","sub":"u","uti":"t"}', { userClaim: 'oid', sessionClaim: 'uti' }, ['o', 't']],
    // Names by numbers, but for the two claims that are strings by RFC 7519.
    ['{"sub":"u","auth_time":1700000000}', { sessionClaim: 'auth_time' }, ['u', '1700000000']],
    ['{"id":7,"jti":"j"}', { userClaim: 'id' }, ['7', 'j']],
    ['{"sub":7,"jti":"j"}', {}, null],
    ['{"sub":"u","jti":7}', {}, null],
    // No JSON parser tells such numbers apart.
    ['{"sub":"u","n":9007199254740993}', { sessionClaim: 'n' }, null],
    ['{"sub":"u","n":1.5}', { sessionClaim: 'n' }, null],
    ['{"sub":"u","n":1e400}', { sessionClaim: 'n' }, null],
    // Members of every object are no claims; claims of that name are.
    ['{"sub":"u"}', { sessionClaim: '__proto__' }, null],
    ['{"sub":"u"}', { sessionClaim: 'constructor' }, null],
    ['{"jti":"j"}', { userClaim: 'constructor' }, ['#jti:j', 'j']],
    ['{"sub":"u","__proto__":"p"}', { sessionClaim: '__proto__' }, ['u', 'p']],
    ['{"sub":"u","__proto__":{"jti":"j"}}', {}, null],
    // Several issuers.
    ['{"sub":"u","jti":"j"}', { partitionPrefix: PREFIX }, [`${PREFIX}u`, 'j']],
    ['{"jti":"j"}', { partitionPrefix: PREFIX }, [`${PREFIX}#jti:j`, 'j']],
    ['{"sub":"#jti:j","jti":"j"}', { partitionPrefix: PREFIX }, null],
  ])('%s, %j: %j', (json, settings, expected) => {
    expect(keyOf(json, settings)).toEqual(expected);
  });

  const WRONG = ['null', 'true', '""', '[]', '["x"]', '{}', '{"S":"x"}', '"\\ud800"', '"x\\udc00"'];
  test.each([...WRONG, '"#x"', '"#cutoff"', `"${'x'.repeat(10_000)}"`])('sid of %.20s', (json) => {
    expect(keyOf(`{"sub":"u","sid":${json}}`, { sessionClaim: 'sid' })).toBeNull();
  });
  test.each([...WRONG, '"#jti:x"', `"${'x'.repeat(10_000)}"`])('oid of %.20s', (json) => {
    expect(keyOf(`{"jti":"j","oid":${json}}`, { userClaim: 'oid' })).toBeNull();
  });

  test.each([
    ['a session', 1_024, (text: string) => keyOf(`{"sub":"u","jti":"${text}"}`)],
    ['a user', 2_048, (text: string) => keyOf(`{"sub":"${text}","jti":"j"}`)],
    [
      'a user of one of several issuers',
      2_048 - PREFIX.length,
      (text: string) => keyOf(`{"sub":"${text}","jti":"j"}`, { partitionPrefix: PREFIX }),
    ],
  ])('%s of %i bytes is the longest', (_, bytes, key) => {
    expect(key('x'.repeat(bytes))).not.toBeNull();
    expect(key('x'.repeat(bytes + 1))).toBeNull();
    expect(key(`${'é'.repeat(Math.floor(bytes / 2))}${'x'.repeat(bytes % 2)}`)).not.toBeNull();
    expect(key('é'.repeat(Math.floor(bytes / 2) + 1))).toBeNull();
  });
});

test('without a session claim, header and payload name the session, and not the signature', () => {
  const none = { sessionClaim: 'none' };
  const expected = `sha256:${hash('sha256', 'h.p', 'base64url')}`;
  expect(keyOf('{"sub":"u"}', none, 'h.p.s')).toEqual(['u', expected]);
  expect(keyOf('{"sub":"u"}', none, 'h.p.t')).toEqual(['u', expected]);
  expect(keyOf('{"sub":"u"}', none, 'h.q.s')).not.toEqual(['u', expected]);
  expect(keyOf('{}', none, 'h.p.s')).toEqual([`#jti:${expected}`, expected]);
  // A login service that writes rows keys them by jti.
  expect(keyOf('{"sub":"u","jti":"j"}', none, 'h.p.s')).toEqual(['u', 'j']);
  expect(keyOf('{"sub":"u","jti":7}', none, 'h.p.s')).toBeNull();
});

test.each([
  ['1800000000', 1_800_000_005],
  ['1800000000.2', 1_800_000_006],
  ['-1', 4],
  ['1e400', LAST_EXPIRES_AT],
  ['1e300', LAST_EXPIRES_AT],
])('a token whose exp is %s is of use until %i', (exp, expires_at) => {
  expect(sessionOf(JSON.parse(`{"sub":"u","jti":"j","exp":${exp}}`), '', single)).toEqual({
    ...{ sub: 'u', jti: 'j' },
    expires_at,
  });
});
