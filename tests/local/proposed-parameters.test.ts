import { createServer, type RequestListener } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { examine } from '../../support/examine-token.ts';
import { type LoopbackPort, listenOnLoopback } from '../../support/loopback.ts';
import { proposeParameters } from '../../support/propose-parameters.ts';
import { reasonOf } from '../../support/token-checks.ts';
import { signRaw, TEST_SECRET } from '../support/signing.ts';
import { issuersOf } from '../support/verifier.ts';

const CONFIGURED = { JWT_SECRET: TEST_SECRET, JWT_ISSUER: 'https://login.example' };

async function proposed(
  claims: Readonly<Record<string, unknown>>,
  { alg = 'RS256', discover = false } = {},
): Promise<readonly string[]> {
  const examined = await examine(signRaw({ alg }, { exp: 9e9, ...claims }), issuersOf(CONFIGURED));
  return proposeParameters(examined, reasonOf(examined.outcome), discover);
}

/** The proposed parameters by name. */
const variablesIn = (lines: readonly string[]) =>
  Object.fromEntries(
    lines
      .flatMap((line) => [...line.matchAll(/^ {2}(\w+)=(.*)$/g)])
      .map(([, name, value]) => [name, value]),
  );

const ASK = "'<jwks_uri of the issuer: --discover asks>'";

describe('the parameters for a token of an unknown issuer', () => {
  test.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, string>>]>([
    [
      'Cognito',
      {
        iss: 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x',
        client_id: 'app',
        token_use: 'access',
        origin_jti: 'o',
        jti: 'j',
        auth_time: 1,
        sub: 's',
      },
      { JWT_AUDIENCE: 'app', JWT_REQUIRE: 'token_use=access', JWT_SESSION_CLAIM: 'origin_jti' },
    ],
    [
      'Auth0',
      {
        iss: 'https://t.auth0.com/',
        aud: ['https://t.auth0.com/userinfo', 'https://api'],
        azp: 'app',
        sub: 's',
      },
      { JWT_AUDIENCE: 'https://api', JWT_SESSION_CLAIM: 'none' },
    ],
    [
      'Keycloak',
      { iss: 'https://k/realms/r', aud: 'account', azp: 'app', sid: 's', jti: 'j' },
      { JWT_AUDIENCE: 'account', JWT_SESSION_CLAIM: 'sid' },
    ],
    [
      'Entra',
      { iss: 'https://login.microsoftonline.com/t/v2.0', aud: 'api', oid: 'o', tid: 't', uti: 'u' },
      { JWT_AUDIENCE: 'api', JWT_USER_CLAIM: 'oid', JWT_SESSION_CLAIM: 'uti' },
    ],
    [
      'Okta',
      { iss: 'https://o/oauth2/default', aud: 'api://default', cid: 'app', jti: 'AT.x' },
      { JWT_AUDIENCE: 'api://default', JWT_SESSION_CLAIM: 'jti' },
    ],
    [
      'Firebase',
      { iss: 'https://securetoken.google.com/p', aud: 'p', auth_time: 1_795_000_000 },
      { JWT_AUDIENCE: 'p', JWT_SESSION_CLAIM: 'auth_time' },
    ],
    [
      'Supabase',
      { iss: 'https://p.supabase.co/auth/v1', aud: 'authenticated', session_id: 's' },
      { JWT_AUDIENCE: 'authenticated', JWT_SESSION_CLAIM: 'session_id' },
    ],
  ])('of %s', async (_, claims, variables) => {
    expect(variablesIn(await proposed(claims))).toEqual({
      ...{ JWT_ISSUER: claims.iss, JWT_JWKS_URL: ASK, SESSIONS: 'adopted' },
      ...variables,
    });
  });

  test('say what a logout ends, and that an ID token is none', async () => {
    const iss = 'https://other.example';
    expect((await proposed({ iss, sid: 's' })).at(-1)).toContain('ends refreshed tokens too');
    expect((await proposed({ iss, jti: 'j' })).at(-1)).toContain('ends this token alone');
    expect((await proposed({ iss, token_use: 'id' })).at(-1)).toContain('is an ID token');
  });

  test('name a secret where the token is signed with one', async () => {
    const lines = await proposed({ iss: 'https://other.example' }, { alg: 'HS512' });
    expect(variablesIn(lines)).toHaveProperty('JWT_SECRET_PARAMETER');
    expect(variablesIn(lines)).not.toHaveProperty('JWT_JWKS_URL');
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['names no issuer', {}],
    ['has a line break in it', { iss: 'https://a\nSESSIONS=registered' }],
    ['has an escape sequence in it', { iss: 'https://a\u001b[2J' }],
    ['is of 10 kB', { iss: `https://${'a'.repeat(513)}` }],
    ['is no text', { iss: 7 }],
  ])('are none where iss %s', async (_, claims) => expect(await proposed(claims)).toEqual([]));

  test('can be pasted into a shell, whatever the claims hold', async () => {
    const lines = await proposed({
      iss: "https://a'; rm -rf $HOME #",
      aud: '$(reboot)',
      sid: '__proto__',
    });
    expect(variablesIn(lines)).toMatchObject({
      JWT_ISSUER: "'https://a'\\''; rm -rf $HOME #'",
      JWT_AUDIENCE: "'$(reboot)'",
      JWT_SESSION_CLAIM: 'sid',
    });
  });

  test('are none for a token that the configuration knows, or that no parameter would help', async () => {
    const iss = CONFIGURED.JWT_ISSUER;
    for (const claims of [
      { iss, jti: 'j', sub: 's' },
      { iss, jti: 'j', exp: 1 },
    ])
      expect(await proposed(claims, { alg: 'HS256' })).toEqual([]);
  });
});

describe('the discovery document', () => {
  let server: LoopbackPort | undefined;
  let requests: string[] = [];
  afterEach(() => server?.close());

  /** Starts an issuer, and proposes parameters for its token. */
  async function jwksUrlAt(
    listener: (issuer: string) => RequestListener,
    path = '',
  ): Promise<string | undefined> {
    requests = [];
    let answer: RequestListener | undefined;
    server = await listenOnLoopback(
      createServer((request, response) => {
        requests.push(request.url ?? '');
        answer?.(request, response);
      }),
    );
    const iss = server.url + path;
    answer = listener(iss);
    return variablesIn(await proposed({ iss }, { discover: true })).JWT_JWKS_URL;
  }
  const document =
    (more: Readonly<Record<string, unknown>>) =>
    (issuer: string): RequestListener =>
    (_, response) =>
      response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, ...more }));

  test('has the URL of the keys; a slash at the end of iss is not doubled', async () => {
    expect(await jwksUrlAt(document({}))).toBe(`${server?.url}/keys`);
    await server?.close();
    expect(await jwksUrlAt(document({ jwks_uri: 'https://cdn.example/keys' }), '/realm/')).toBe(
      'https://cdn.example/keys',
    );
    expect(requests).toEqual(['/realm/.well-known/openid-configuration']);
  });

  test.each<[string, (issuer: string) => RequestListener, string]>([
    ['of another issuer', document({ issuer: 'https://other' }), 'that of another issuer'],
    [
      'with keys over plain http',
      document({ jwks_uri: 'http://cdn.example/keys' }),
      'must be https',
    ],
    ['with keys in a file', document({ jwks_uri: 'file:///etc/passwd' }), 'must be https'],
    ['without keys', document({ jwks_uri: 7 }), 'has no jwks_uri'],
    ['that is none', () => (_, response) => response.end('<html>'), 'is no JSON object'],
    ['that is missing', () => (_, response) => response.writeHead(404).end(), 'the answer is 404'],
    [
      'elsewhere',
      (issuer) => (_, response) => response.writeHead(302, { Location: `${issuer}/x` }).end(),
      'the answer is 302',
    ],
    [
      'of a megabyte',
      () => (_, response) => response.end(' '.repeat(1_048_576)),
      'more than 262144 bytes',
    ],
    ['that breaks off', () => (request) => request.socket.destroy(), 'fetch failed'],
  ])('%s is not used, in a line that says why', async (_, listener, reason) => {
    expect(await jwksUrlAt(listener)).toMatch(new RegExp(`^'<not discovered: .*${reason}.*>'$`));
    expect(requests).toHaveLength(1);
  });

  test.each([
    'http://login.example',
    'ftp://login.example',
    'not a URL',
    'https://user:pw@login.example',
  ])('is not asked for at %s', async (iss) => {
    const lines = await proposed({ iss }, { discover: true });
    expect(variablesIn(lines).JWT_JWKS_URL).toMatch(/^'<not discovered: JWT_JWKS_URL/);
  });
});
