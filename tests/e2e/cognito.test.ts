/** A local run with the parameters of docs/identity-providers.md for Cognito, and moto's Cognito. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { variablesOf } from '../support/documents.ts';
import {
  type CognitoTokens,
  NO_MOTO,
  startUserPool,
  type UserPool,
  withMoto,
} from '../support/moto-cognito.ts';
import { type RunningService, startService } from '../support/service.ts';

const isWanted = withMoto();

(isWanted ? describe : describe.skip)(
  isWanted ? 'moto’s Cognito' : `logging out ${NO_MOTO}`,
  () => {
    let pool: UserPool;
    let service: RunningService;
    beforeAll(async () => {
      pool = await startUserPool();
      await Promise.all(['alice', 'bob'].map((name) => pool.createUser(name)));
      const [documented] = variablesOf('docs/identity-providers.md', 'Cognito');
      service = await startService({
        ...documented,
        JWT_ISSUER: pool.issuer,
        JWT_JWKS_URL: pool.jwksUrl,
        JWT_AUDIENCE: pool.clientId,
      });
    });
    afterAll(async () => {
      await service?.stop();
      await pool?.close();
    });

    const me = (token: string) => service.me(token);
    const logout = async (token: string) => (await service.ask('POST', 'logout', token)).status;
    const list = async ({ AccessToken }: CognitoTokens) =>
      JSON.parse(await (await service.ask('GET', 'sessions', AccessToken)).text()).sessions;

    test('a user signs in on two devices, logs one out, and its refreshed tokens are refused', async () => {
      const [phone, laptop] = [await pool.signIn('alice'), await pool.signIn('alice')];
      expect([await me(phone.AccessToken), await me(laptop.AccessToken)]).toEqual([200, 200]);
      expect(await list(laptop)).toHaveLength(2);
      expect(await logout(phone.AccessToken)).toBe(200);
      const refreshed = await pool.refresh(phone);
      const [before, after] = [phone, refreshed].map((each) => decodeJwt(each.AccessToken));
      expect(after?.origin_jti).toBe(before?.origin_jti);
      expect(after?.jti).not.toBe(before?.jti);
      expect([await me(phone.AccessToken), await me(refreshed.AccessToken)]).toEqual([401, 401]);
      expect(await me(laptop.AccessToken)).toBe(200);
      expect(await list(laptop)).toHaveLength(1);
      expect(await me((await pool.signIn('alice')).AccessToken)).toBe(200);
    });

    test('an ID token opens nothing, and ends nothing', async () => {
      const phone = await pool.signIn('bob');
      const { aud, token_use, origin_jti } = decodeJwt(phone.IdToken);
      expect({ aud, token_use }).toEqual({ aud: pool.clientId, token_use: 'id' });
      expect(origin_jti).toBe(decodeJwt(phone.AccessToken).origin_jti);
      expect([await me(phone.IdToken), await logout(phone.IdToken)]).toEqual([401, 200]);
      expect(await me(phone.AccessToken)).toBe(200);
    });

    test('Cognito’s own sign-out ends the refresh token alone; a logout here ends the access token', async () => {
      const phone = await pool.signIn('bob');
      await pool.globalSignOut('bob');
      await expect(pool.refresh(phone)).rejects.toThrow('NotAuthorizedException');
      expect(await me(phone.AccessToken)).toBe(200);
      expect(await logout(phone.AccessToken)).toBe(200);
      expect(await me(phone.AccessToken)).toBe(401);
    });
  },
);
