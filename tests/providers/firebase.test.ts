import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  expectRefused,
  expectSignInEnds,
  seconds,
  statusesOf,
  useProvider,
} from '../support/provider.ts';

const firebase = useProvider('Firebase', 'RS256', { typ: 'JWT' });

/** Firebase’s ID token, which is the bearer token. A refresh keeps `auth_time`. */
function idToken(uid: string, auth_time: number, changes: object = {}): Promise<string> {
  const { JWT_ISSUER: iss = '', JWT_AUDIENCE: aud = '' } = firebase.variables;
  return firebase.sign({
    ...{ iss, aud, auth_time, user_id: uid, sub: uid, iat: seconds(), exp: seconds() + 3_600 },
    ...{ email: 'alice@example.com', firebase: { sign_in_provider: 'password' }, ...changes },
  });
}

test('a logout ends the sign-in, refreshed tokens included, and no other', async () => {
  const uid = randomUUID();
  const [phone, laptop] = [seconds() - 600, seconds() - 300];
  await expectSignInEnds(firebase, {
    first: await idToken(uid, phone),
    refreshed: await idToken(uid, phone, { iat: seconds() + 1 }),
    elsewhere: await idToken(uid, laptop),
  });
});

test('a session is of one user: another user of the same second goes on', async () => {
  const second = seconds() - 600;
  const [alice, bob] = [await idToken(randomUUID(), second), await idToken(randomUUID(), second)];
  expect(await firebase.logout(alice)).toBe(200);
  expect(await statusesOf(firebase, alice, bob)).toEqual([401, 200]);
});

test('two devices of a user that signed in within one second are one session, as the page says', async () => {
  const uid = randomUUID();
  const second = seconds() - 600;
  const phone = await idToken(uid, second);
  const laptop = await idToken(uid, second, { firebase: { sign_in_provider: 'google.com' } });
  expect(await firebase.logout(phone)).toBe(200);
  expect(await statusesOf(firebase, laptop)).toEqual([401]);
});

test('everywhere ends every sign-in until then, and a later one is active', async () => {
  const uid = randomUUID();
  const [phone, laptop] = [seconds() - 600, seconds() - 300];
  expect(await firebase.logout(await idToken(uid, phone), 'everywhere')).toBe(200);
  expect(
    await statusesOf(
      ...([firebase, await idToken(uid, phone), await idToken(uid, laptop)] as const),
      await idToken(uid, seconds() + 2),
    ),
  ).toEqual([401, 401, 200]);
});

test('tokens of other projects, session cookies and custom tokens open nothing', async () => {
  const token = (changes: object) => idToken(randomUUID(), seconds() - 600, changes);
  const foreign = { iss: 'https://securetoken.google.com/other', aud: 'other' };
  await expectRefused(firebase, await token(foreign), 'wrong_issuer');
  await expectRefused(firebase, await token({ aud: 'other' }), 'wrong_audience');
  const cookie = { iss: 'https://session.firebase.google.com/example-project' };
  await expectRefused(firebase, await token(cookie), 'wrong_issuer');
  const custom = { iss: 'service@example-project.iam.gserviceaccount.com' };
  await expectRefused(firebase, await token(custom), 'wrong_issuer');
});

test.each([['1700000000'], [1_700_000_000.5], [Number.MAX_VALUE], [null]])(
  'an auth_time of %p opens nothing',
  async (auth_time) => {
    const token = await idToken(randomUUID(), 0, { auth_time });
    expect(await statusesOf(firebase, token)).toEqual([401]);
  },
);
