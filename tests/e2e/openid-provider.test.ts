/** A local run as of docs/identity-providers.md, and a client as of docs/clients.md, with a real OpenID provider. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { readRunLog } from '../../support/run-log.ts';
import { codeBlocks } from '../support/documents.ts';
import {
  API,
  type Browser,
  CLIENT,
  LOGIN_PAGE,
  NO_OPENID_PROVIDER,
  type OpenIdProvider,
  startOpenIdProvider,
  type Tokens,
  withOpenIdProvider,
} from '../support/openid-provider.ts';
import { type RunningService, startService } from '../support/service.ts';

/** docs/clients.md's sign-in-again.js, for this provider. */
interface Client {
  signInAgainUrl(idToken: string, loginPage: string): Promise<string>;
  fetchWithToken(
    url: string,
    tokens: { readonly access: string; refresh(): Promise<boolean> },
  ): Promise<Response | undefined>;
}

async function loadClient(issuer: string): Promise<Client> {
  const code = codeBlocks('docs/clients.md', 'js').find((block) =>
    block.startsWith('// sign-in-again.js'),
  );
  const [constant = ''] = /^const PROVIDER = .*$/m.exec(code ?? '') ?? [];
  expect(constant).not.toBe('');
  const local = code?.replace(constant, `const PROVIDER = ${JSON.stringify(issuer)};`) ?? '';
  return import(`data:text/javascript,${encodeURIComponent(local)}`);
}

const describeWithProvider = withOpenIdProvider ? describe : describe.skip;

describeWithProvider(
  withOpenIdProvider ? 'a real OpenID provider' : `logging out ${NO_OPENID_PROVIDER}`,
  () => {
    let provider: OpenIdProvider;
    let service: RunningService;
    let client: Client;
    let laptop: Browser;
    let tokens: Tokens;

    beforeAll(async () => {
      // The package's advice for production: its own stores, lifetimes and pages.
      jest.spyOn(console, 'info').mockImplementation(() => {});
      jest.spyOn(console, 'warn').mockImplementation(() => {});
      provider = await startOpenIdProvider();
      client = await loadClient(provider.issuer);
      service = await startService({
        SESSIONS: 'adopted',
        JWT_ISSUER: provider.issuer,
        JWT_JWKS_URL: provider.jwksUrl,
        JWT_AUDIENCE: API,
        JWT_SESSION_CLAIM: 'sid',
        JWT_LOGOUT_AUDIENCE: CLIENT.client_id,
      });
    });
    afterAll(async () => {
      jest.restoreAllMocks();
      await service?.stop();
      await provider?.close();
    });

    const me = (token: string) => service.me(token);
    const logout = async (token: string, scope = 'this') =>
      (await service.ask('POST', `logout?scope=${scope}`, token)).status;
    const sidOf = ({ access_token }: Tokens) => decodeJwt(access_token).sid;

    test('a user signs in, and is let in; the ID token is not', async () => {
      laptop = provider.openBrowser();
      tokens = await laptop.signIn('alice');
      expect([await me(tokens.access_token), await me(tokens.id_token)]).toEqual([200, 401]);
    });

    test('after a logout, the tokens that the provider refreshes are refused', async () => {
      expect(await logout(tokens.access_token)).toBe(200);
      expect(await me(tokens.access_token)).toBe(401);
      const refreshed = await provider.refresh(tokens);
      expect(refreshed.access_token).not.toBe(tokens.access_token);
      expect(await me(refreshed.access_token)).toBe(401);
    });

    test('a sign-in with the old cookie is the ended session, prompt=login or not', async () => {
      const again = await laptop.signIn('alice');
      expect(sidOf(again)).toBe(sidOf(tokens));
      expect(await me(again.access_token)).toBe(401);
    });

    test('a sign-in in a new browser is let in', async () => {
      const phone = await provider.openBrowser().signIn('alice');
      expect(await me(phone.access_token)).toBe(200);
    });

    test('the documented client refreshes once, gives up, and gets in after the provider’s logout', async () => {
      let current = await laptop.signIn('alice');
      let refreshes = 0;
      const held = {
        get access() {
          return current.access_token;
        },
        refresh: async () => {
          refreshes += 1;
          current = await provider.refresh(current);
          return true;
        },
      };
      const url = `${service.url}/api/v1/auth/me`;
      expect(await client.fetchWithToken(url, held)).toBeUndefined();
      expect(refreshes).toBe(1);

      const logoutUrl = await client.signInAgainUrl(current.id_token, LOGIN_PAGE);
      expect(await laptop.endSession(logoutUrl)).toBe(LOGIN_PAGE);
      current = await laptop.signIn('alice');
      expect(sidOf(current)).not.toBe(sidOf(tokens));
      expect((await client.fetchWithToken(url, held))?.status).toBe(200);
      expect(refreshes).toBe(1);
    });

    test('a logout at the provider ends that browser’s session here, at the next request', async () => {
      await provider.sendLogoutTokensTo(`${service.url}/api/v1/auth/backchannel-logout`);
      const [desk, phone] = [provider.openBrowser(), provider.openBrowser()];
      const [atDesk, onPhone] = [await desk.signIn('carol'), await phone.signIn('carol')];
      expect([await me(atDesk.access_token), await me(onPhone.access_token)]).toEqual([200, 200]);
      await desk.endSession(
        `${provider.issuer}/session/end?${new URLSearchParams({ id_token_hint: atDesk.id_token })}`,
      );
      expect([await me(atDesk.access_token), await me(onPhone.access_token)]).toEqual([401, 200]);
      expect(readRunLog(service.port).join('\n')).toMatch(/"by":"identity-provider"/);
      expect(await me((await desk.signIn('carol')).access_token)).toBe(200);
    });

    test('a form without a logout token is refused as documented', async () => {
      const body = new URLSearchParams({ logout_token: 'x' });
      const refused = await service.fetch('/api/v1/auth/backchannel-logout', {
        method: 'POST',
        body,
      });
      expect(refused.status).toBe(400);
    });

    test('everywhere ends every browser’s session, refreshed tokens included', async () => {
      const bob = await Promise.all([1, 2].map(() => provider.openBrowser().signIn('bob')));
      const [first, second] = bob;
      if (!first || !second) throw new Error('Bob has two browsers');
      expect([await me(first.access_token), await me(second.access_token)]).toEqual([200, 200]);
      expect(await logout(first.access_token, 'everywhere')).toBe(200);
      const refreshed = await Promise.all(bob.map((each) => provider.refresh(each)));
      for (const { access_token } of [...bob, ...refreshed])
        expect(await me(access_token)).toBe(401);
    });
  },
);
