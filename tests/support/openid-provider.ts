import { createServer } from 'node:http';
import type Provider from 'oidc-provider';
import { listenOnLoopback } from '../../support/loopback.ts';
import { makeKeyPair } from './key-pairs.ts';

/** Why tests are skipped. */
export const NO_OPENID_PROVIDER =
  'with a real OpenID provider: OPENID_PROVIDER=required npm test, which takes longer';

/** Whether the tests with a real OpenID provider run. */
export const withOpenIdProvider = process.env.OPENID_PROVIDER === 'required';

/** The API that access tokens are for. */
export const API = 'https://api.example.com';
/** Where the provider's logout leads to. */
export const LOGIN_PAGE = 'http://127.0.0.1:1/login';
const CALLBACK = 'http://127.0.0.1:1/callback';
export const CLIENT = { client_id: 'web', client_secret: 'a-secret-of-the-tests-only-000000' };

/** The tokens of a sign-in or a refresh. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
}

/** A browser with cookies of its own. */
export interface Browser {
  /** Signs a user in, with `prompt=login`. */
  signIn(user: string): Promise<Tokens>;
  /**
   * Opens the provider's logout and confirms it.
   *
   * @returns where the provider leads to
   */
  endSession(url: string): Promise<string | null>;
}

/** A real OpenID provider on loopback, with refresh tokens and JWT access tokens. */
export interface OpenIdProvider {
  readonly issuer: string;
  readonly jwksUrl: string;
  openBrowser(): Browser;
  refresh(tokens: Pick<Tokens, 'refresh_token'>): Promise<Tokens>;
  /** Where logout tokens are sent from now on; nowhere at first. */
  sendLogoutTokensTo(url: string): Promise<void>;
  close(): Promise<void>;
}

type Exchange = Parameters<ReturnType<Provider['callback']>>;
/** Entities of a request to the provider. */
interface Context {
  readonly oidc: {
    readonly provider: {
      readonly Grant: {
        find(id: string): unknown;
        new (
          ids: object,
        ): {
          addOIDCScope(scope: string): void;
          addResourceScope(resource: string, scope: string): void;
          save(): Promise<void>;
        };
      };
    };
    readonly client: { readonly clientId: string };
    readonly session: {
      readonly accountId: string;
      grantIdFor(client: string): string | undefined;
    };
    readonly entities: Readonly<Record<string, { readonly authTime: number } | undefined>>;
  };
}

/** Starts the provider; whoever signs in is the user whom `login_hint` names. */
export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  let answer: (...exchange: Exchange) => Promise<void> | void = () => {};
  const port = await listenOnLoopback(createServer((...exchange) => answer(...exchange)));
  // Only where it is wanted: the package is large.
  const { default: OidcProvider } = await import('oidc-provider');
  const provider = new OidcProvider(port.url, await configuration(port.url));
  const handle = provider.callback();
  answer = async (request, response) => {
    if (request.url === '/backchannel') response.end();
    else if (request.url?.startsWith('/interaction/')) {
      const { params } = await provider.interactionDetails(request, response);
      const login = { accountId: params.login_hint };
      await provider.interactionFinished(request, response, { login });
    } else handle(request, response);
  };
  const askForTokens = async (form: Record<string, string>): Promise<Tokens> => {
    const body = new URLSearchParams({ ...form, ...CLIENT });
    const response = await fetch(`${port.url}/token`, { method: 'POST', body });
    if (!response.ok) throw new Error(`The provider gave no tokens: ${await response.text()}`);
    return response.json() as Promise<Tokens>;
  };
  return {
    issuer: port.url,
    jwksUrl: `${port.url}/jwks`,
    openBrowser: () => openBrowser(port.url, askForTokens),
    refresh: ({ refresh_token }) => askForTokens({ grant_type: 'refresh_token', refresh_token }),
    sendLogoutTokensTo: async (url) => {
      const client = await provider.Client.find(CLIENT.client_id);
      Object.assign(Object(client), { backchannelLogoutUri: url });
    },
    close: port.close,
  };
}

function openBrowser(
  issuer: string,
  askForTokens: (form: Record<string, string>) => Promise<Tokens>,
): Browser {
  const cookies = new Map<string, string>();
  const open = async (url: string, init: RequestInit = {}) => {
    const cookie = [...cookies].map((pair) => pair.join('=')).join('; ');
    const response = await fetch(url, { redirect: 'manual', ...init, headers: { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    return response;
  };
  return {
    signIn: async (user) => {
      const query = new URLSearchParams({
        ...{ client_id: CLIENT.client_id, response_type: 'code', scope: 'openid read' },
        ...{ redirect_uri: CALLBACK, prompt: 'login', login_hint: user },
      });
      let url = `${issuer}/auth?${query}`;
      for (let hop = 0; hop < 5 && !url.startsWith(CALLBACK); hop += 1)
        url = new URL((await open(url)).headers.get('location') ?? '', issuer).href;
      const code = new URL(url).searchParams.get('code') ?? '';
      return askForTokens({ grant_type: 'authorization_code', code, redirect_uri: CALLBACK });
    },
    endSession: async (url) => {
      const page = await (await open(url)).text();
      const [, xsrf = ''] = /name="xsrf" value="(\w+)"/.exec(page) ?? [];
      const body = new URLSearchParams({ xsrf, logout: 'yes' });
      const confirmed = await open(`${issuer}/session/end/confirm`, { method: 'POST', body });
      return confirmed.headers.get('location');
    },
  };
}

async function configuration(issuer: string): Promise<object> {
  const { privateKey } = await makeKeyPair('RS256');
  const resource = {
    ...{ scope: 'read', audience: API, accessTokenTTL: 300, accessTokenFormat: 'jwt' },
  };
  return {
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['a key of the tests'] },
    clients: [
      {
        ...CLIENT,
        token_endpoint_auth_method: 'client_secret_post',
        redirect_uris: [CALLBACK],
        post_logout_redirect_uris: [LOGIN_PAGE],
        grant_types: ['authorization_code', 'refresh_token'],
        // Only then do tokens know their `sid`.
        backchannel_logout_uri: `${issuer}/backchannel`,
        backchannel_logout_session_required: true,
      },
    ],
    findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    // The package refuses to call loopback addresses by a dispatcher.
    fetch: (url: string, { dispatcher: _, ...init }: RequestInit & { dispatcher?: unknown }) =>
      fetch(url, init),
    interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        ...{ enabled: true, defaultResource: () => API, useGrantedResource: () => true },
        getResourceServerInfo: () => resource,
      },
    },
    loadExistingGrant: grantOf,
    issueRefreshToken: () => true,
    pkce: { required: () => false },
    extraTokenClaims: ({ oidc: { entities } }: Context, token: { readonly sid?: string }) => ({
      sid: token.sid,
      auth_time: (entities.AuthorizationCode ?? entities.RefreshToken)?.authTime,
    }),
  };
}

/** The grant of the browser's session: a new one for each sign-in would end the refresh tokens so far. */
async function grantOf({ oidc: { provider, client, session } }: Context): Promise<unknown> {
  const id = session.grantIdFor(client.clientId);
  if (id) return provider.Grant.find(id);
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope('openid');
  grant.addResourceScope(API, 'read');
  await grant.save();
  return grant;
}
