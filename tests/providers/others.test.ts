import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { sectionOf } from '../support/documents.ts';
import {
  expectRefused,
  expectSignInEnds,
  expectTokenEnds,
  PROVIDERS_PAGE,
  seconds,
  statusesOf,
  useProvider,
} from '../support/provider.ts';

/** The tokens of a provider. */
interface Shape {
  readonly algorithm: string;
  /** Of the header, beside `alg` and `kid`. */
  readonly header: object;
  /** What an access token claims beside `iss`, `iat`, `exp`, and what names user and session. */
  readonly access: JWTPayload;
  /** The claim of the user. */
  readonly user: string;
  /** The claim of the sign-in; null where each token is its own session. */
  readonly session: string | null;
  /** What an ID token claims beside `iss`, `iat`, `exp` and the user. */
  readonly id: JWTPayload;
  /** Why the ID token is refused. */
  readonly refusal: string;
}

const TENANT = '3f2a1b0c-9d8e-4f7a-b6c5-d4e3f2a1b0c9';

const SHAPES: Readonly<Record<string, Shape>> = {
  'Entra ID': {
    ...{ algorithm: 'RS256', header: { typ: 'JWT' }, user: 'oid', session: 'sid' },
    access: {
      ...{ aud: '0f1e2d3c-4b5a-4968-8776-5a4b3c2d1e0f', azp: 'client', scp: 'orders.read' },
      ...{ sub: 'pairwise', tid: TENANT, uti: 'n1fLQ', ver: '2.0', auth_time: seconds() - 600 },
    },
    // Client and API are one registration: the ID token has the same audience.
    id: { aud: '0f1e2d3c-4b5a-4968-8776-5a4b3c2d1e0f', sub: 'pairwise', sid: 'phone', tid: TENANT },
    refusal: 'missing_claim',
  },
  Okta: {
    ...{ algorithm: 'RS256', header: {}, user: 'uid', session: null },
    access: { aud: 'api://default', cid: 'client', sub: 'alice@example.com', ver: 1, scp: ['a'] },
    id: { aud: 'client', sub: 'uid', ver: 1, amr: ['pwd'] },
    refusal: 'wrong_audience',
  },
  Clerk: {
    ...{ algorithm: 'RS256', header: { typ: 'JWT' }, user: 'sub', session: 'sid' },
    access: { azp: 'https://app.example.com', v: 2, sts: 'active', fva: [3, -1], jti: 'j' },
    id: { aud: 'client', email: 'alice@example.com' },
    refusal: 'wrong_audience',
  },
  WorkOS: {
    ...{ algorithm: 'RS256', header: {}, user: 'sub', session: 'sid' },
    access: { org_id: 'org_01EXAMPLE', role: 'member', permissions: [], jti: '01HQSX' },
    id: { aud: 'client', email: 'alice@example.com' },
    refusal: 'missing_claim',
  },
  'Better Auth': {
    ...{ algorithm: 'EdDSA', header: { typ: 'at+jwt' }, user: 'sub', session: 'sid' },
    access: {
      aud: ['https://api.example.com', 'https://auth.example.com/api/auth/oauth2/userinfo'],
      ...{ client_id: 'web', azp: 'web', scope: 'openid offline_access', jti: 'j' },
    },
    id: { aud: 'web', sid: 'phone', auth_time: seconds() - 600 },
    refusal: 'wrong_audience',
  },
};

test('the tests of this folder have every provider of the page', () => {
  const headings = sectionsWithVariables();
  const own = ['Cognito', 'Keycloak', 'Firebase', 'Supabase'];
  const auth0 = headings.filter((heading) => heading.startsWith('Auth0'));
  expect(auth0).toHaveLength(3);
  expect(headings.toSorted()).toEqual([...own, ...auth0, ...Object.keys(SHAPES)].toSorted());
});

/** Headings above a block with an issuer. */
function sectionsWithVariables(): readonly string[] {
  const page = readFileSync(PROVIDERS_PAGE, 'utf8');
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.filter((heading) => sectionOf(PROVIDERS_PAGE, heading).includes('\nJWT_ISSUER='));
}

describe.each(Object.entries(SHAPES))('%s', (section, shape) => {
  const provider = useProvider(section, shape.algorithm, { ...shape.header });

  const sign = (claims: JWTPayload, ageSeconds: number) => {
    const iat = seconds() - ageSeconds;
    return provider.sign({
      iss: provider.variables.JWT_ISSUER ?? '',
      iat,
      exp: iat + 900,
      ...claims,
    });
  };
  const access = (user: string, session: string, ageSeconds: number) =>
    sign(
      {
        ...{ sub: user, ...shape.access, jti: randomUUID(), [shape.user]: user },
        ...(shape.session === null ? {} : { [shape.session]: session }),
      },
      ageSeconds,
    );

  test('a logout ends what the page says, and nothing else', async () => {
    const user = randomUUID();
    const tokens = {
      first: await access(user, 'phone', 60),
      refreshed: await access(user, 'phone', 30),
      elsewhere: await access(user, 'laptop', 20),
    };
    await (shape.session === null ? expectTokenEnds : expectSignInEnds)(provider, tokens);
  });

  test('everywhere ends every session that a check has met', async () => {
    const user = randomUUID();
    const [phone, laptop] = [await access(user, 'phone', 60), await access(user, 'laptop', 60)];
    expect(await statusesOf(provider, phone, laptop)).toEqual([200, 200]);
    expect(await provider.logout(phone, 'everywhere')).toBe(200);
    expect(await statusesOf(provider, phone, laptop)).toEqual([401, 401]);
    const refreshed = await access(user, 'laptop', -2);
    expect(await statusesOf(provider, refreshed)).toEqual([shape.session === null ? 200 : 401]);
  });

  test('the user is the claim of the page', async () => {
    const user = randomUUID();
    expect(await provider.me(await access(user, 'phone', 60))).toMatchObject({
      status: 200,
      body: { sub: user },
    });
  });

  test('an ID token opens nothing, and ends nothing', async () => {
    const user = randomUUID();
    const id = { sub: user, ...shape.id, [shape.user]: user };
    await expectRefused(provider, await sign(id, 0), shape.refusal);
    expect(await statusesOf(provider, await access(user, 'phone', 60))).toEqual([200]);
  });

  test('a token of another issuer with the same keys opens nothing', async () => {
    const claims = { ...shape.access, iss: 'https://other.example.com', [shape.user]: 'alice' };
    await expectRefused(provider, await sign({ ...claims, sid: 'phone' }, 0), 'wrong_issuer');
  });
});
