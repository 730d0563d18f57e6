import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';

/** A sign-in of a user. */
export interface SignIn {
  readonly user: string;
  readonly session: string;
  /** Epoch seconds. */
  readonly begun: number;
}

/** The access tokens of a provider. */
interface Shape {
  /** RS256 by default. */
  readonly algorithm?: string;
  /** Beside `alg` and `kid`; by default the type JWT. */
  readonly header?: Readonly<Record<string, string>>;
  /** Beside `iss`, `iat` and `exp`. A refresh calls it again for the same sign-in. */
  readonly access: (signIn: SignIn) => JWTPayload;
  /** Whether a logout ends one token alone, because nothing names the sign-in. */
  readonly tokenIsSession?: true;
  /** Tokens of the provider that open nothing: what they have beside or in place of the above. */
  readonly refused: readonly (readonly [token: string, changes: object, reason: string])[];
}

const COGNITO_CLIENT = '1h57kf5cpq17m0eml12EXAMPLE';
const ENTRA_API = '0f1e2d3c-4b5a-4968-8776-5a4b3c2d1e0f';

const AUTH0_API = 'https://api.example.com';
const AUTH0_AUDIENCE = [AUTH0_API, 'https://example.eu.auth0.com/userinfo'];
const auth0 = ({ user }: SignIn) => ({ sub: user, aud: AUTH0_AUDIENCE, scope: 'openid' });
const AUTH0_REFUSED: Shape['refused'] = [
  ['an ID token', { aud: 'web', sid: 'phone' }, 'wrong_audience'],
  ['a token for another API', { aud: 'https://other.example.com' }, 'wrong_audience'],
  ['a token whose issuer has no slash', { iss: 'https://example.eu.auth0.com' }, 'wrong_issuer'],
];

/** By the headings of docs/identity-providers.md. */
export const SHAPES: Readonly<Record<string, Shape>> = {
  Cognito: {
    header: {},
    access: ({ user, session, begun }) => ({
      ...{ sub: user, origin_jti: session, event_id: session, jti: randomUUID() },
      ...{ token_use: 'access', client_id: COGNITO_CLIENT, auth_time: begun, scope: 'openid' },
    }),
    refused: [
      [
        'an ID token',
        { token_use: 'id', aud: COGNITO_CLIENT, client_id: undefined },
        'missing_claim',
      ],
      ['a token of another client', { client_id: 'another' }, 'wrong_audience'],
      ['a token without origin_jti', { origin_jti: undefined }, 'invalid_session_reference'],
    ],
  },
  'Auth0, default profile': {
    access: (signIn) => ({ ...auth0(signIn), azp: 'web' }),
    tokenIsSession: true,
    refused: AUTH0_REFUSED,
  },
  'Auth0, RFC 9068 profile': {
    header: { typ: 'at+jwt' },
    access: (signIn) => ({ ...auth0(signIn), client_id: 'web', jti: randomUUID() }),
    tokenIsSession: true,
    refused: AUTH0_REFUSED,
  },
  'Auth0, with an Action': {
    access: (signIn) => ({ ...auth0(signIn), 'https://example.com/sid': signIn.session }),
    refused: [
      ...AUTH0_REFUSED,
      [
        'a token without the Action’s claim',
        { 'https://example.com/sid': undefined },
        'invalid_session_reference',
      ],
    ],
  },
  Keycloak: {
    access: ({ user, session, begun }) => ({
      ...{ sub: user, sid: session, auth_time: begun, jti: `onrtac:${randomUUID()}` },
      ...{ typ: 'Bearer', azp: 'shop-web', aud: ['orders-api', 'account'], scope: 'openid' },
    }),
    refused: [
      ['an ID token', { typ: 'ID', aud: 'shop-web' }, 'wrong_audience'],
      ['an ID token that has the API as an audience', { typ: 'ID' }, 'missing_claim'],
      ['a token without the audience mapper', { aud: 'account' }, 'wrong_audience'],
      ['a token of a service account', { sid: undefined }, 'invalid_session_reference'],
    ],
  },
  'Entra ID': {
    access: ({ user, session, begun }) => ({
      ...{ sub: 'pairwise', oid: user, sid: session, auth_time: begun, uti: randomUUID() },
      ...{ aud: ENTRA_API, azp: 'client', scp: 'orders.read', ver: '2.0' },
    }),
    // Client and API are one registration: the ID token has the same audience.
    refused: [['an ID token', { scp: undefined }, 'missing_claim']],
  },
  Okta: {
    header: {},
    access: ({ user }) => ({
      ...{ sub: 'alice@example.com', uid: user, jti: randomUUID() },
      ...{ aud: 'api://default', cid: 'client', scp: ['openid'], ver: 1 },
    }),
    tokenIsSession: true,
    refused: [['an ID token', { aud: 'client', cid: undefined }, 'wrong_audience']],
  },
  Firebase: {
    // Firebase's ID token, which is the bearer token. Two sign-ins of one second are one session.
    access: ({ user, begun }) => ({
      ...{ sub: user, user_id: user, aud: 'example-project', auth_time: begun },
      firebase: { sign_in_provider: 'password' },
    }),
    refused: [
      ['a token of another project', { aud: 'other' }, 'wrong_audience'],
      [
        'a session cookie',
        { iss: 'https://session.firebase.google.com/example-project' },
        'wrong_issuer',
      ],
      [
        'a custom token',
        { iss: 'service@example-project.iam.gserviceaccount.com' },
        'wrong_issuer',
      ],
    ],
  },
  Supabase: {
    algorithm: 'ES256',
    access: ({ user, session }) => ({
      ...{ sub: user, session_id: session, aud: 'authenticated', role: 'authenticated' },
      ...{ aal: 'aal1', is_anonymous: false },
    }),
    refused: [
      ['an API key', { role: 'anon', session_id: undefined }, 'invalid_session_reference'],
      ['an ID token of the OAuth server', { aud: 'client-id' }, 'wrong_audience'],
    ],
  },
  Clerk: {
    access: ({ user, session }) => ({
      ...{ sub: user, sid: session, azp: 'https://app.example.com', jti: randomUUID() },
      ...{ v: 2, sts: 'active', fva: [3, -1] },
    }),
    refused: [['an ID token', { aud: 'client', azp: undefined }, 'wrong_audience']],
  },
  WorkOS: {
    header: {},
    access: ({ user, session }) => ({
      ...{ sub: user, sid: session, org_id: 'org_01EXAMPLE', role: 'member', jti: randomUUID() },
    }),
    refused: [['an ID token', { aud: 'client', sid: undefined }, 'missing_claim']],
  },
  'Better Auth': {
    ...{ algorithm: 'EdDSA', header: { typ: 'at+jwt' } },
    access: ({ user, session }) => ({
      ...{ sub: user, sid: session, client_id: 'web', azp: 'web', jti: randomUUID() },
      aud: ['https://api.example.com', 'https://auth.example.com/api/auth/oauth2/userinfo'],
    }),
    refused: [['an ID token', { aud: 'web' }, 'wrong_audience']],
  },
};
