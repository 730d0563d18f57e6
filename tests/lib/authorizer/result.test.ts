import { describe, expect, test } from '@jest/globals';
import { authorizerContext } from '../../../lib/authorizer/result.ts';
import type { Session } from '../../../lib/sessions/session.ts';

const session: Session = {
  sub: 'alice',
  jti: 'j1',
  sid: 's1',
  auth_time: 1_767_225_600_000,
  expires_at: 1_767_229_200,
};

// tests/handlers/authorizer.test.ts has the whole results, of every gateway.
describe('the context', () => {
  const contextOf = (claims: Record<string, unknown>, names: readonly string[]) =>
    authorizerContext({ claims, session }, names);
  const keys = { sub: 'alice', jti: 'j1' };

  test('holds the subject and the token id where no claim is named', () => {
    expect(contextOf({ role: 'admin' }, [])).toEqual(keys);
  });

  test.each<[unknown, string]>([
    ['text', 'text'],
    ['', ''],
    [true, 'true'],
    [0, '0'],
    [null, 'null'],
    [['a', 'b'], '["a","b"]'],
    [{ a: { b: 1 } }, '{"a":{"b":1}}'],
  ])('holds the claim %j as the string %j', (value, expected) => {
    expect(contextOf({ claim: value }, ['claim'])).toEqual({ ...keys, claim: expected });
  });

  test('leaves out a claim that the token does not carry, also one that every object has', () => {
    const names = ['absent', 'toString', '__proto__', 'constructor'];
    expect(contextOf({}, names)).toEqual(keys);
  });

  test('is the session’s own subject and token id, whatever the claims of those names say', () => {
    expect(contextOf({ sub: 'mallory', jti: 'another' }, ['sub', 'jti'])).toEqual(keys);
  });
});
