import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { sectionOf, variablesOf } from '../support/documents.ts';
import {
  expectRefused,
  expectSignInEnds,
  PROVIDERS_PAGE,
  seconds,
  statusesOf,
  useProvider,
} from '../support/provider.ts';

const cognito = useProvider('Cognito', 'RS256');

/** A sign-in ten minutes ago. Each call is a refresh: `origin_jti` and `auth_time` stay. */
function signIn(sub: string, auth_time = seconds() - 600) {
  const { JWT_ISSUER: iss = '' } = cognito.variables;
  const times = () => ({ auth_time, iat: seconds(), exp: seconds() + 3_600 });
  const ids = { sub, iss, origin_jti: randomUUID(), event_id: randomUUID() };
  return {
    access: (changes: object = {}) =>
      cognito.sign({
        ...{ ...ids, ...times(), jti: randomUUID(), token_use: 'access', username: 'alice' },
        ...{ scope: 'openid', version: 2, client_id: cognito.variables.JWT_AUDIENCE },
        ...changes,
      }),
    id: () =>
      cognito.sign({
        ...{ ...ids, ...times(), jti: randomUUID(), token_use: 'id', 'cognito:username': 'alice' },
        ...{ aud: cognito.variables.JWT_AUDIENCE ?? '' },
      }),
  };
}

test('a logout ends the sign-in, refreshed tokens included, and no other', async () => {
  const sub = randomUUID();
  const [phone, laptop] = [signIn(sub), signIn(sub)];
  await expectSignInEnds(cognito, {
    first: await phone.access(),
    refreshed: await phone.access(),
    elsewhere: await laptop.access(),
  });
});

test('a sign-in is a device of the list', async () => {
  const sub = randomUUID();
  const token = await signIn(sub).access();
  expect(await cognito.me(token)).toMatchObject({ status: 200, body: { sub } });
  expect(await cognito.list(token)).toEqual([
    expect.objectContaining({ user_agent: 'Mozilla/5.0 (test)', ip: '192.0.2.1', current: true }),
  ]);
});

test('everywhere ends every sign-in until then, those that no check has met and their refreshes included', async () => {
  const sub = randomUUID();
  const [phone, laptop] = [signIn(sub), signIn(sub)];
  expect(await cognito.logout(await phone.access(), 'everywhere')).toBe(200);
  const later = signIn(sub, seconds() + 2);
  expect(
    await statusesOf(cognito, await phone.access(), await laptop.access(), await later.access()),
  ).toEqual([401, 401, 200]);
});

test('a logout before the first check ends the sign-in all the same', async () => {
  const phone = signIn(randomUUID());
  expect(await cognito.logout(await phone.access())).toBe(200);
  expect(await statusesOf(cognito, await phone.access())).toEqual([401]);
});

test('an ID token opens nothing, and ends nothing', async () => {
  const phone = signIn(randomUUID());
  await expectRefused(cognito, await phone.id(), 'missing_claim');
  expect(await statusesOf(cognito, await phone.access())).toEqual([200]);
});

test('tokens of other clients, other pools, and without origin_jti open nothing', async () => {
  const { access } = signIn(randomUUID());
  await expectRefused(cognito, await access({ client_id: 'another' }), 'wrong_audience');
  const iss = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Another00';
  await expectRefused(cognito, await access({ iss }), 'wrong_issuer');
  const invalid = 'invalid_session_reference';
  await expectRefused(cognito, await access({ origin_jti: undefined }), invalid);
});

test('a sign-in older than the refresh token is over', async () => {
  const maxAge = Number(cognito.variables.SESSION_MAX_AGE);
  const [fresh, old] = [60, -60].map((more) => signIn(randomUUID(), seconds() - maxAge + more));
  expect(
    await statusesOf(cognito, (await fresh?.access()) ?? '', (await old?.access()) ?? ''),
  ).toEqual([200, 401]);
});

test('the page’s deployment has the variables of the section as parameters', () => {
  const camelCase = (name: string) =>
    name.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const [variables = {}] = variablesOf(PROVIDERS_PAGE, 'Cognito');
  const command = sectionOf(PROVIDERS_PAGE, 'Adopted sessions');
  const parameters = [...command.matchAll(/--param "(\w+)=([^"]+)"/g)];
  expect(Object.fromEntries(parameters.map(([, name, value]) => [name, value]))).toEqual(
    Object.fromEntries(Object.entries(variables).map(([name, value]) => [camelCase(name), value])),
  );
});
