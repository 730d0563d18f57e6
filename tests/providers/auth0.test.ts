import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { sectionOf } from '../support/documents.ts';
import {
  expectRefused,
  expectSignInEnds,
  expectTokenEnds,
  PROVIDERS_PAGE,
  type Provider,
  seconds,
  statusesOf,
  useProvider,
} from '../support/provider.ts';

const ACTION = 'Auth0, with an Action';

/** A token of the default profile, `ageSeconds` old: no token id, no session, no `auth_time`. */
function defaultProfile({ variables }: Provider, sub: string, ageSeconds: number): JWTPayload {
  const { JWT_ISSUER: iss = '', JWT_AUDIENCE: audience = '' } = variables;
  const times = { iat: seconds() - ageSeconds, exp: seconds() - ageSeconds + 900 };
  const aud = [audience, `${iss}userinfo`];
  return { ...{ iss, sub, aud, azp: 'web' }, ...times, scope: 'openid read:orders' };
}

/** An ID token, which alone has `sid`. */
function idToken({ variables }: Provider, sub: string): JWTPayload {
  const times = { iat: seconds(), exp: seconds() + 900 };
  return { iss: variables.JWT_ISSUER ?? '', sub, aud: 'web', sid: randomUUID(), ...times };
}

const PROFILES = [
  ['Auth0, default profile', 'JWT', {}],
  ['Auth0, RFC 9068 profile', 'at+jwt', { azp: undefined, client_id: 'web' }],
] as const;

describe.each(PROFILES)('%s', (section, typ, changes) => {
  const auth0 = useProvider(section, 'RS256', { typ });

  const access = (sub: string, ageSeconds: number) => {
    const id = typ === 'at+jwt' ? { jti: randomUUID() } : {};
    return auth0.sign({ ...defaultProfile(auth0, sub, ageSeconds), ...changes, ...id });
  };

  test('a logout ends this token alone, and everywhere the tokens so far', async () => {
    const sub = `auth0|${randomUUID()}`;
    const tokens = { first: await access(sub, 60), refreshed: await access(sub, 30) };
    await expectTokenEnds(auth0, { ...tokens, elsewhere: await access(sub, 20) });
    // As the page says: the refresh token goes on until it is revoked at the provider.
    expect(await statusesOf(auth0, await access(sub, -2))).toEqual([200]);
  });

  test('an ID token opens nothing, nor does a token for another API', async () => {
    const sub = `auth0|${randomUUID()}`;
    await expectRefused(auth0, await auth0.sign(idToken(auth0, sub)), 'wrong_audience');
    const other = { ...defaultProfile(auth0, sub, 0), aud: 'https://other.example.com' };
    await expectRefused(auth0, await auth0.sign(other), 'wrong_audience');
  });

  test('an issuer without the slash is another one', async () => {
    const claims = defaultProfile(auth0, 'auth0|1', 0);
    const iss = claims.iss?.replace(/\/$/, '') ?? '';
    await expectRefused(auth0, await auth0.sign({ ...claims, iss }), 'wrong_issuer');
  });
});

describe(ACTION, () => {
  const auth0 = useProvider(ACTION, 'RS256', { typ: 'JWT' });

  /** What the page's Action adds to an access token. */
  async function claimsOf(event: object): Promise<JWTPayload> {
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(sectionOf(PROVIDERS_PAGE, ACTION)) ?? [];
    const claims: JWTPayload = {};
    const setCustomClaim = (name: string, value: unknown) => {
      claims[name] = value;
    };
    const exported: { onExecutePostLogin?: (event: object, api: object) => Promise<void> } = {};
    new Function('exports', code)(exported);
    await exported.onExecutePostLogin?.(event, { accessToken: { setCustomClaim } });
    return claims;
  }

  test('a logout ends the sign-in, refreshed tokens included, and no other', async () => {
    const sub = `auth0|${randomUUID()}`;
    const access = async (event: object, ageSeconds: number) =>
      auth0.sign({ ...defaultProfile(auth0, sub, ageSeconds), ...(await claimsOf(event)) });
    await expectSignInEnds(auth0, {
      first: await access({ session: { id: 'session-1' } }, 60),
      refreshed: await access({ refresh_token: { session_id: 'session-1' } }, 0),
      elsewhere: await access({ session: { id: 'session-2' } }, 60),
    });
  });

  test('a token without the Action’s claim opens nothing', async () => {
    const claims = { ...defaultProfile(auth0, 'auth0|1', 0), ...(await claimsOf({})) };
    await expectRefused(auth0, await auth0.sign(claims), 'invalid_session_reference');
  });
});
