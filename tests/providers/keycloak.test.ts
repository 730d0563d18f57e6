import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  expectRefused,
  expectSignInEnds,
  seconds,
  statusesOf,
  useProvider,
} from '../support/provider.ts';

const keycloak = useProvider('Keycloak', 'RS256', { typ: 'JWT' });

/** A sign-in ten minutes ago. Each call is a refresh: `sid` and `auth_time` stay. */
function signIn(sub: string) {
  const { JWT_ISSUER: iss = '', JWT_AUDIENCE: audience = '' } = keycloak.variables;
  const session = { sub, iss, azp: 'shop-web', sid: randomUUID(), auth_time: seconds() - 600 };
  const times = () => ({ iat: seconds(), exp: seconds() + 300, jti: `onrtac:${randomUUID()}` });
  return {
    access: (changes: object = {}) =>
      keycloak.sign({
        ...{ ...session, ...times(), typ: 'Bearer', aud: [audience, 'account'], acr: '1' },
        ...{ scope: 'openid profile', realm_access: { roles: ['offline_access'] }, ...changes },
      }),
    id: (changes: object = {}) =>
      keycloak.sign({ ...session, ...times(), typ: 'ID', aud: 'shop-web', ...changes }),
  };
}

test('a logout ends the sign-in, refreshed tokens included, and no other', async () => {
  const sub = randomUUID();
  const [phone, laptop] = [signIn(sub), signIn(sub)];
  await expectSignInEnds(keycloak, {
    first: await phone.access(),
    refreshed: await phone.access(),
    elsewhere: await laptop.access(),
  });
});

test('others ends all sign-ins but this one, whose refreshed tokens go on', async () => {
  const sub = randomUUID();
  const [phone, laptop] = [signIn(sub), signIn(sub)];
  expect(await statusesOf(keycloak, await laptop.access())).toEqual([200]);
  expect(await keycloak.logout(await phone.access(), 'others')).toBe(200);
  expect(await statusesOf(keycloak, await phone.access(), await laptop.access())).toEqual([
    200, 401,
  ]);
});

test('an ID token opens nothing, also where it has the API as an audience', async () => {
  const phone = signIn(randomUUID());
  await expectRefused(keycloak, await phone.id(), 'wrong_audience');
  const aud = keycloak.variables.JWT_AUDIENCE;
  await expectRefused(keycloak, await phone.id({ aud }), 'missing_claim');
  expect(await statusesOf(keycloak, await phone.access())).toEqual([200]);
});

test('tokens without the audience mapper, of another realm, and of a service account open nothing', async () => {
  const { access } = signIn(randomUUID());
  await expectRefused(keycloak, await access({ aud: 'account' }), 'wrong_audience');
  const iss = `${keycloak.variables.JWT_ISSUER}/`;
  await expectRefused(keycloak, await access({ iss }), 'wrong_issuer');
  const invalid = 'invalid_session_reference';
  await expectRefused(keycloak, await access({ sid: undefined }), invalid);
});
