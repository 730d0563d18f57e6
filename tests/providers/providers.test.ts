/** The parameters of docs/identity-providers.md, in use with tokens of each provider's shape. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { ADOPTED_MAX_AGE_MS, readConfiguration } from '../../lib/auth/config.ts';
import { type Deployment, deploy, seconds } from '../support/deployment.ts';
import { codeBlocks, sectionOf, variablesOf } from '../support/documents.ts';
import { type KeyServer, startKeyServer } from '../support/jwks-server.ts';
import { type KeyPair, makeKeyPair, signWith } from '../support/key-pairs.ts';
import { useLog } from '../support/log.ts';
import { useTestStore } from '../support/store.ts';
import { SHAPES, type SignIn } from './shapes.ts';

const PAGE = 'docs/identity-providers.md';

const store = useTestStore();
const log = useLog();
let keyPairs: Readonly<Record<string, KeyPair>>;
let server: KeyServer;
beforeAll(async () => {
  const pairs = await Promise.all(['RS256', 'ES256', 'EdDSA'].map(makeKeyPair));
  keyPairs = Object.fromEntries(pairs.map((pair) => [pair.algorithm, pair]));
  server = await startKeyServer(
    pairs.map(({ jwk, algorithm }) => ({ ...jwk, kid: algorithm, alg: algorithm, use: 'sig' })),
  );
});
afterAll(() => server.close());

const parametersOf = (section: string) => variablesOf(PAGE, section)[0] ?? {};

describe.each(Object.entries(SHAPES))('%s', (section, shape) => {
  const { algorithm = 'RS256', header = { typ: 'JWT' }, access, tokenIsSession } = shape;
  const parameters = parametersOf(section);
  const hasAuthTime = 'auth_time' in access({ user: 'u', session: 's', begun: 0 });

  let deployment: Deployment;
  beforeAll(async () => {
    expect(parameters.JWT_JWKS_URL).toMatch(/^https:/);
    deployment = await deploy({ ...parameters, JWT_JWKS_URL: server.url }, store.table);
  });

  /** A sign-in, by default ten minutes ago. */
  const signIn = (user: string, ageSeconds = 600): SignIn => ({
    ...{ user, session: randomUUID(), begun: seconds() - ageSeconds },
  });
  /** An access token, by default a fresh one. */
  function tokenOf(from: SignIn, issued = seconds(), changes: object = {}): Promise<string> {
    const key = keyPairs[algorithm];
    if (!key) throw new Error(`There is no key for ${algorithm}`);
    const claims: JWTPayload = {
      ...{ iss: parameters.JWT_ISSUER ?? '', iat: issued, exp: issued + 900, ...access(from) },
      ...changes,
    };
    return signWith(key, claims, { ...header, kid: algorithm });
  }
  /** The statuses of `GET /me`. */
  async function statusesOf(...tokens: readonly (Promise<string> | string)[]) {
    const statuses: number[] = [];
    for (const token of tokens) statuses.push((await deployment.me(await token)).status);
    return statuses;
  }

  test('a check names the user by the claim of the page', async () => {
    const user = randomUUID();
    expect(await deployment.me(await tokenOf(signIn(user)))).toMatchObject({
      status: 200,
      body: { sub: user },
    });
  });

  test('a logout ends what the page says, and nothing else', async () => {
    const user = randomUUID();
    const [phone, laptop] = [signIn(user), signIn(user, 300)];
    const [first, elsewhere] = [await tokenOf(phone, seconds() - 60), await tokenOf(laptop)];
    const refreshed = await tokenOf(phone);
    expect(await statusesOf(first, elsewhere)).toEqual([200, 200]);
    expect(await deployment.logout(first)).toBe(200);
    expect(await statusesOf(first, elsewhere)).toEqual([401, 200]);
    expect(await statusesOf(refreshed)).toEqual([tokenIsSession ? 200 : 401]);
  });

  test('everywhere ends what the page says, and no later sign-in', async () => {
    const user = randomUUID();
    const [phone, laptop, unseen] = [signIn(user), signIn(user, 300), signIn(user, 200)];
    const tokens = [await tokenOf(phone, seconds() - 60), await tokenOf(laptop, seconds() - 60)];
    expect(await statusesOf(...tokens)).toEqual([200, 200]);
    expect(await deployment.logout(tokens[0] ?? '', 'everywhere')).toBe(200);
    expect(await statusesOf(...tokens)).toEqual([401, 401]);
    const later = seconds() + 2;
    const refreshed = [phone, laptop, unseen].map((each) => tokenOf(each, later));
    const bySignIn = hasAuthTime ? [401, 401, 401] : [401, 401, 200];
    expect(await statusesOf(...refreshed)).toEqual(tokenIsSession ? [200, 200, 200] : bySignIn);
    expect(await statusesOf(tokenOf(signIn(user, -2), later))).toEqual([200]);
  });

  if (hasAuthTime)
    test('a sign-in is over after the life of the page', async () => {
      const maxAge = Number(parameters.SESSION_MAX_AGE ?? ADOPTED_MAX_AGE_MS / 1_000);
      const [young, old] = [maxAge - 60, maxAge + 60].map((age) => signIn(randomUUID(), age));
      if (!young || !old) throw new Error('There are two sign-ins');
      expect(await statusesOf(tokenOf(young), tokenOf(old))).toEqual([200, 401]);
    });

  test.each([
    ...shape.refused,
    ['a token of another issuer', { iss: 'https://other.example.com' }, 'wrong_issuer'] as const,
  ])('%s opens nothing, and ends nothing', async (_, changes, reason) => {
    const phone = signIn(randomUUID());
    const token = await tokenOf(phone, seconds(), changes);
    expect(await statusesOf(token)).toEqual([401]);
    expect(await deployment.logout(token)).toBe(200);
    expect(log.outcomes()).toMatchObject([{ reason }, { reason }]);
    expect(await statusesOf(tokenOf(phone))).toEqual([200]);
  });
});

test('the page has the parameters of these providers, and of no other', () => {
  const headings = [...readFileSync(PAGE, 'utf8').matchAll(/^#+ (.+)$/gm)].map(
    ([, heading = '']) => heading,
  );
  const documented = headings.filter((heading) => 'JWT_ISSUER' in parametersOf(heading));
  expect(documented.toSorted()).toEqual(Object.keys(SHAPES).toSorted());
});

test('the page’s several issuers have the parameters of their sections, and users of their own', () => {
  const read = (variables: object) =>
    readConfiguration({ SESSIONS_TABLE: 'sessions', ...variables }).issuers;
  const single = ['Cognito', 'Entra ID'].flatMap((section) => read(parametersOf(section)));
  expect(read({ JWT_ISSUERS: codeBlocks(PAGE, 'json')[0] })).toEqual(
    single.map((issuer) => ({ ...issuer, partitionPrefix: `${issuer.issuer}|` })),
  );
});

test('the page’s deployment has the parameters of its section', () => {
  const camelCase = (name: string) =>
    name.toLowerCase().replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  const command = sectionOf(PAGE, 'Adopted sessions');
  const options = [...command.matchAll(/--param "(\w+)=([^"]+)"/g)];
  const parameters = Object.entries(parametersOf('Cognito'));
  expect(options.map(([, name, value]) => [name, value])).toEqual(
    parameters.map(([name, value]) => [camelCase(name), value]),
  );
});

test('the page’s Action for Auth0 names the session, at a sign-in and at a refresh', async () => {
  const exported: { onExecutePostLogin?: (event: object, api: object) => Promise<void> } = {};
  new Function('exports', codeBlocks(PAGE, 'js')[0] ?? '')(exported);
  const claimsAt = async (event: object) => {
    const claims: JWTPayload = {};
    const setCustomClaim = (name: string, value: unknown) => {
      claims[name] = value;
    };
    await exported.onExecutePostLogin?.(event, { accessToken: { setCustomClaim } });
    return claims;
  };
  const claims = { 'https://example.com/sid': 'session-1' };
  expect(await claimsAt({ session: { id: 'session-1' } })).toEqual(claims);
  expect(await claimsAt({ refresh_token: { session_id: 'session-1' } })).toEqual(claims);
  expect(await claimsAt({})).toEqual({});
});
