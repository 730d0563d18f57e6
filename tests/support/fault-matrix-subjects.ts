import { sessionId } from '../../lib/sessions/key.ts';
import type { Session } from '../../lib/sessions/session.ts';
import { toSessionView } from '../../lib/sessions/view.ts';
import type { FunctionName } from '../../support/bundle-functions.ts';
import { type AuthorizerForm, authorizerForms } from './authorizer-events.ts';
import type { Look } from './fault-matrix-judge.ts';
import { LOGGED_OUT, UNAUTHORIZED } from './range.ts';
import { type RequestWithParameters, requestV2 } from './requests.ts';

/** A user with two sessions; the first one asks. */
export interface Devices {
  readonly asker: Session;
  readonly other: Session;
  /** The asker's. */
  readonly token: string;
}

/** Something that a client or a gateway can ask for: a column of the matrix. */
export interface Subject {
  readonly name: string;
  readonly fn: FunctionName;
  /** The one operation of the store that meets the fault, after those before it went well. */
  readonly operation?: string;
  readonly ends: readonly (keyof Look)[];
  readonly isProtected: boolean;
  event(devices: Devices): unknown;
  /** What answers a live session, byte for byte. */
  succeeded(devices: Devices): unknown;
  /** What answers a dead one; undefined is the error that API Gateway makes a 401 of. */
  readonly refused: unknown;
  /** The method and path that a 500 payload names; undefined for an authorizer, which throws. */
  readonly request?: { readonly method: string; readonly path: string };
}

type Endpoint = Omit<Subject, 'event' | 'refused' | 'isProtected'> & {
  readonly request: { readonly method: string; readonly path: string };
  readonly query?: NonNullable<RequestWithParameters['query']>;
  readonly isProtected?: false;
};

const JSON_HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
const LOGOUT = { method: 'POST', path: '/api/v1/auth/logout' };

function endpoint({ query = {}, ...subject }: Endpoint): Subject {
  return {
    isProtected: true,
    ...subject,
    event: ({ token, other }) =>
      requestV2({ ...subject.request, query, token, id: sessionId(other) }),
    refused: UNAUTHORIZED,
  };
}

const logout = (
  scope: 'this' | 'others' | 'everywhere',
  ends: Subject['ends'],
  operation?: string,
): Subject =>
  endpoint({
    name: operation ? `${scope}, write` : scope,
    fn: 'logout',
    request: LOGOUT,
    ends,
    query: scope === 'this' ? {} : { scope },
    succeeded: () => LOGGED_OUT,
    ...(operation ? { operation } : {}),
    ...(scope === 'this' ? { isProtected: false } : {}),
  });

const me = endpoint({
  name: 'me',
  fn: 'me',
  request: { method: 'GET', path: '/api/v1/auth/me' },
  ends: [],
  succeeded: ({ asker }) => ({
    statusCode: 200,
    headers: JSON_HEADERS,
    body: JSON.stringify({ sub: asker.sub, session: toSessionView(asker) }),
  }),
});

const sessions = (operation?: string): Subject =>
  endpoint({
    name: operation ? 'list, query' : 'list',
    fn: 'sessions',
    request: { method: 'GET', path: '/api/v1/auth/sessions' },
    ends: [],
    ...(operation ? { operation } : {}),
    succeeded: ({ asker, other }) => ({
      statusCode: 200,
      headers: JSON_HEADERS,
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
  });

const end = (operation?: string): Subject =>
  endpoint({
    name: operation ? 'end, write' : 'end',
    fn: 'endSession',
    request: { method: 'DELETE', path: '/api/v1/auth/sessions/id' },
    ends: ['other'],
    ...(operation ? { operation } : {}),
    succeeded: () => ({ statusCode: 204, headers: JSON_HEADERS, body: '' }),
  });

const authorizer = (name: string, form: AuthorizerForm | undefined): Subject => {
  if (!form) throw new Error(`There are no events for ${name}`);
  return {
    name,
    fn: 'authorizer',
    ends: [],
    isProtected: true,
    event: ({ token }) => form.event(`Bearer ${token}`),
    succeeded: ({ asker: { sub, jti } }) => form.allowed({ sub, jti }),
    refused: form.refused,
  };
};

const form = (name: string) => authorizerForms.find((candidate) => candidate.name === name);

/** Every endpoint and every form of the authorizer. */
export const matrixSubjects: readonly Subject[] = [
  logout('this', ['asker']),
  logout('others', ['other']),
  logout('others', ['other'], 'UpdateItem'),
  logout('everywhere', ['asker', 'other']),
  logout('everywhere', ['asker', 'other'], 'UpdateItem'),
  me,
  sessions(),
  sessions('Query'),
  end(),
  end('DeleteItem'),
  authorizer('2.0 simple', form('HTTP API, payload 2.0')),
  authorizer('TOKEN', form('REST API, TOKEN')),
  authorizer('REQUEST', form('REST API, REQUEST')),
  authorizer('AppSync', form('AppSync, with a scheme')),
];
