import { decodeJwt, SignJWT } from 'jose';
import type { Signer } from '../../../lib/login/issue.ts';
import { sessionId } from '../../../lib/sessions/key.ts';
import type { Session } from '../../../lib/sessions/session.ts';
import { toSessionView } from '../../../lib/sessions/view.ts';
import { defined } from '../../../lib/shared/json.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../../lib/tokens/session-claims.ts';
import type { FunctionName } from '../../../support/bundle-functions.ts';
import { HEADERS, INACTIVE, LOGGED_OUT, REVOKED, UNAUTHORIZED } from '../answers.ts';
import { type AuthorizerForm, authorizerForms } from '../authorizer-events.ts';
import { eventV2, type TestRequest } from '../events.ts';
import {
  BACKCHANNEL_PATH,
  backchannelEvent,
  CLIENT,
  logoutClaims,
  logoutForm,
  PROVIDER,
} from '../logout-tokens.ts';
import { oauthRequest } from '../oauth.ts';

/** A user with two sessions; the first sends the request. */
export interface Devices {
  readonly asker: Session;
  readonly other: Session;
  /** The asker's. */
  readonly token: string;
  /** Of the tokens, and of an identity provider's logout tokens. */
  readonly signer: Signer;
}

/** A column of the matrix: a request of a client or of a gateway, and its right answers. */
export interface Endpoint {
  readonly name: string;
  readonly fn: FunctionName;
  /** The one store operation that meets the fault; the operations before it go well. */
  readonly operation?: string;
  /** The operation only deletes rows that are over, or notes a use: no fault of it changes the answer. */
  readonly isBestEffort?: true;
  /** The functions adopt sessions. Only the store's faults make a difference to that. */
  readonly isAdopted?: true;
  /** The functions have an IDLE_TIMEOUT, and the session a use to be written. */
  readonly hasIdleTimeout?: true;
  /** The session of the request has no row yet. */
  readonly isUnseen?: true;
  /** Faults of the operation that change no answer. */
  readonly except?: readonly string[];
  /** The names of the faults that it meets; all that it can by default. */
  readonly only?: readonly string[];
  /** It asks for no key: faults of keys are none of its own. */
  readonly needsNoKeys?: true;
  /** Its keys are public: an identity provider signs. */
  readonly hasPublicKeys?: true;
  /** It reads rows by their keys although nobody is checked. */
  readonly readsKeys?: true;
  /** Further variables of the functions. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly ends: readonly ('asker' | 'other')[];
  /** A dead session is answered `refused`. */
  readonly isProtected: boolean;
  event(devices: Devices): unknown;
  /** The answer to a live session, byte for byte but for what the endpoint takes out. */
  succeeded(devices: Devices): unknown;
  /** Takes out of an answer what differs by the time. */
  readonly timeless?: (answer: unknown) => unknown;
  /** The answer to a dead session; undefined is the error that API Gateway turns into a 401. */
  readonly refused: unknown;
  /** The method and path in the 500 payload; undefined for an authorizer, which throws. */
  readonly request?: { readonly method: string; readonly path: string };
}

type HttpEndpoint = Omit<Endpoint, 'event' | 'refused' | 'isProtected'> & {
  readonly request: { readonly method: string; readonly path: string };
  readonly query?: NonNullable<TestRequest['query']>;
  readonly isProtected?: false;
};

const LOGOUT = {
  fn: 'logout',
  request: { method: 'POST', path: '/api/v1/auth/logout' },
  succeeded: () => LOGGED_OUT,
} as const;

const OTHERS = { ...LOGOUT, ends: ['other'], query: { scope: 'others' } } as const;

const EVERYWHERE = {
  ...LOGOUT,
  ends: ['asker', 'other'],
  query: { scope: 'everywhere' },
} as const;

const ME = {
  fn: 'me',
  request: { method: 'GET', path: '/api/v1/auth/me' },
  ends: [],
  succeeded: ({ asker }: Pick<Devices, 'asker'>) => ({
    statusCode: 200,
    headers: HEADERS,
    body: JSON.stringify({ sub: asker.sub, session: toSessionView(asker) }),
  }),
} as const;

const LIST = {
  fn: 'listSessions',
  request: { method: 'GET', path: '/api/v1/auth/sessions' },
  ends: [],
  succeeded: ({ asker, other }: Devices) => ({
    statusCode: 200,
    headers: HEADERS,
    body: JSON.stringify({
      // Newest first.
      sessions: [other, asker].map((session) => ({
        ...toSessionView(session),
        user_agent: null,
        ip: null,
        current: session === asker,
      })),
      next: null,
    }),
  }),
} as const;

const END = {
  fn: 'deleteSession',
  request: { method: 'DELETE', path: '/api/v1/auth/sessions/id' },
  ends: ['other'],
  succeeded: () => ({ statusCode: 204, headers: HEADERS, body: '' }),
} as const;

const INTROSPECT = {
  fn: 'introspect',
  path: '/api/v1/auth/introspect',
  ends: [],
  isProtected: true,
  refused: INACTIVE,
  succeeded: ({ token }: Devices) => {
    const { sub, jti, sid, exp, iat, auth_time } = decodeJwt(token);
    const members = defined({ exp, iat, auth_time, sub, jti, sid });
    return {
      ...INACTIVE,
      body: JSON.stringify({ active: true, token_type: 'Bearer', ...members }),
    };
  },
} as const;

const REVOKE = {
  fn: 'revoke',
  path: '/api/v1/auth/revoke',
  ends: ['asker'],
  isProtected: false,
  refused: undefined,
  succeeded: () => REVOKED,
} as const;

const BACKCHANNEL = {
  fn: 'backchannelLogout',
  request: { method: 'POST', path: BACKCHANNEL_PATH },
  isProtected: false,
  refused: undefined,
  hasPublicKeys: true,
  variables: { JWT_LOGOUT_AUDIENCE: CLIENT, JWT_LOGOUT_ISSUER: PROVIDER },
  ends: ['asker', 'other'],
  event: (devices: Devices) => logoutEvent(devices),
  succeeded: () => ({ statusCode: 200, headers: HEADERS, body: '{}' }),
} as const;

const ADOPTED_BY_SID = {
  ...BACKCHANNEL.variables,
  ...{ JWT_SESSION_CLAIM: 'sid', JWT_ISSUER: PROVIDER },
};

async function logoutEvent({ asker, signer }: Devices, sid?: string) {
  const claims = logoutClaims({ sub: asker.sub, sid });
  const header = { alg: signer.algorithm, ...defined({ kid: signer.kid }), typ: 'logout+jwt' };
  const token = await new SignJWT(claims).setProtectedHeader(header).sign(signer.key);
  return backchannelEvent(logoutForm(token));
}

const BY = { actor: 'bob', reason: 'left' };
const ADMIN = {
  fn: 'admin',
  isProtected: false,
  refused: undefined,
  needsNoKeys: true,
} as const;

const ADMIN_LIST = {
  ...ADMIN,
  ends: [],
  event: ({ asker }: Devices) => ({ operation: 'list', user: asker.sub }),
  succeeded: ({ asker, other }: Devices) => ({
    sessions: [other, asker].map((session) => ({
      ...toSessionView(session),
      ...{ user_agent: null, ip: null },
    })),
    ...{ next: null, unreadable: 0 },
  }),
} as const;

const ADMIN_END = {
  ...ADMIN,
  ends: ['other'],
  readsKeys: true,
  event: ({ other }: Devices) => ({
    ...{ operation: 'end', user: other.sub, session: sessionId(other), ...BY },
  }),
  succeeded: () => ({ ended: 'one' }),
} as const;

const ADMIN_END_ALL = {
  ...ADMIN,
  ends: ['asker', 'other'],
  event: ({ asker }: Devices) => ({ operation: 'end-all', user: asker.sub, ...BY }),
  timeless: (answer: unknown) => JSON.parse(JSON.stringify(answer).replace(/20[-\dT:.]+Z/, 'then')),
  succeeded: () => ({ ended: 'all', began_before: 'then' }),
} as const;

/** A new endpoint is one entry here, and one more for each later operation that may meet a fault alone. */
export const endpoints: readonly Endpoint[] = [
  http({ name: 'this', ...LOGOUT, ends: ['asker'], isProtected: false }),
  http({ name: 'others', ...OTHERS }),
  http({ name: 'others, write', ...OTHERS, operation: 'UpdateItem' }),
  http({ name: 'everywhere', ...EVERYWHERE }),
  http({ name: 'everywhere, write', ...EVERYWHERE, operation: 'UpdateItem' }),
  http({ name: 'everywhere, find', ...EVERYWHERE, operation: 'Query', isBestEffort: true }),
  http({
    name: 'everywhere, delete',
    ...EVERYWHERE,
    operation: 'BatchWriteItem',
    isBestEffort: true,
  }),
  http({ name: 'this, adopted', ...LOGOUT, ends: ['asker'], isProtected: false, isAdopted: true }),
  http({ name: 'me', ...ME }),
  http({
    ...{ name: 'me, touch', ...ME, operation: 'UpdateItem' },
    ...{ isBestEffort: true, hasIdleTimeout: true },
  }),
  http({
    ...{ name: 'me, adoption', ...ME, isAdopted: true, isUnseen: true, operation: 'PutItem' },
    // The answer to a put holds nothing.
    except: ['empty-answer', 'foreign-rows'],
    succeeded: ({ asker }) => {
      const auth_time = Math.floor(asker.auth_time / 1_000) * 1_000;
      const expires_at = asker.expires_at + CLOCK_TOLERANCE_SECONDS;
      return ME.succeeded({ asker: { ...asker, auth_time, expires_at } });
    },
  }),
  http({ name: 'list', ...LIST }),
  http({ name: 'list, query', ...LIST, operation: 'Query' }),
  http({ name: 'end', ...END }),
  http({ name: 'end, write', ...END, operation: 'DeleteItem' }),
  http({ name: 'end, adopted, write', ...END, isAdopted: true, operation: 'UpdateItem' }),
  oauth({ name: 'introspect', ...INTROSPECT }),
  oauth({
    ...{ name: 'introspect, adoption', ...INTROSPECT, isAdopted: true, isUnseen: true },
    ...{ operation: 'PutItem', except: ['empty-answer', 'foreign-rows'] },
  }),
  oauth({ name: 'revoke', ...REVOKE }),
  oauth({ name: 'revoke, adopted', ...REVOKE, isAdopted: true }),
  { name: 'back-channel', ...BACKCHANNEL },
  { name: 'back-channel, write', ...BACKCHANNEL, operation: 'UpdateItem' },
  {
    ...{ name: 'back-channel, sid, delete', ...BACKCHANNEL, operation: 'DeleteItem' },
    event: (devices) => logoutEvent(devices, 'op-session'),
  },
  {
    ...{ name: 'back-channel, sid, adopted', ...BACKCHANNEL, ends: ['asker'], isAdopted: true },
    variables: ADOPTED_BY_SID,
    event: (devices) => logoutEvent(devices, devices.asker.sid),
  },
  { name: 'admin, list', ...ADMIN_LIST, operation: 'Query' },
  { name: 'admin, end', ...ADMIN_END },
  { name: 'admin, end, write', ...ADMIN_END, operation: 'DeleteItem' },
  { name: 'admin, end, adopted, write', ...ADMIN_END, isAdopted: true, operation: 'UpdateItem' },
  { name: 'admin, end-all', ...ADMIN_END_ALL },
  { name: 'admin, end-all, write', ...ADMIN_END_ALL, operation: 'UpdateItem' },
  {
    ...{ name: 'admin, end-all, delete', ...ADMIN_END_ALL, operation: 'BatchWriteItem' },
    isBestEffort: true,
  },
  ...authorizerForms.map(authorizer),
];

/** A client asks with the asker's token. */
function oauth({
  path,
  ...endpoint
}: Omit<Endpoint, 'event'> & { readonly path: string }): Endpoint {
  const request = { method: 'POST', path };
  return {
    ...{ request, ...endpoint },
    event: ({ token }) => eventV2({ ...request, ...oauthRequest({ token }) }),
  };
}

function http({ query = {}, ...endpoint }: HttpEndpoint): Endpoint {
  return {
    isProtected: true,
    ...endpoint,
    event: ({ token, other }) =>
      eventV2({ ...endpoint.request, query, token, id: sessionId(other) }),
    refused: UNAUTHORIZED,
  };
}

/** One form meets every fault; the others are the same code until the answer. */
function authorizer(form: AuthorizerForm): Endpoint {
  const isExample = form.name === 'HTTP API, payload 2.0';
  return {
    ...(isExample ? {} : { only: ['access-denied', 'keys: down', 'configuration: JWT_SECRET'] }),
    name: form.name,
    fn: 'authorizer',
    ends: [],
    isProtected: true,
    event: ({ token }) => form.event(`Bearer ${token}`),
    succeeded: ({ asker: { sub, jti } }) => form.allowed({ sub, jti }),
    refused: form.refused,
  };
}
