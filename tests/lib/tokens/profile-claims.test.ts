import { expect, test } from '@jest/globals';
import { profileClaims } from '../../../lib/tokens/profile-claims.ts';

test('picks the standard profile claims and leaves every other claim out', () => {
  const profile = {
    name: 'Alice',
    email: 'alice@example.com',
    email_verified: false,
    preferred_username: 'al',
    picture: 'https://example.com/a.png',
  };
  expect(profileClaims({ ...profile, sub: 'x', exp: 1, role: 'admin', session: 'x' })).toEqual(
    profile,
  );
});

test.each([
  ['name', 1],
  ['name', null],
  ['name', { first: 'Alice' }],
  ['email', ['alice@example.com']],
  ['email_verified', 'true'],
  ['email_verified', 1],
  ['preferred_username', true],
  ['picture', {}],
])('leaves out a %s of a wrong type: %j', (claim, value) => {
  expect(profileClaims({ [claim]: value })).toEqual({});
});

test('reads the token’s own claims only, none that an object inherits', () => {
  expect(profileClaims(Object.create({ name: 'inherited' }))).toEqual({});
  expect(profileClaims(JSON.parse('{"__proto__":{"name":"x"}}'))).toEqual({});
});
