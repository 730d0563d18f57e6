import { LOGOUT_SCOPES } from '../auth/logout.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from '../sessions/list.ts';
import { answer, type Header, NO_STORE, type Response, shared } from './responses.ts';
import { type Reference, reference, type Schema, SESSION_ID } from './schemas.ts';

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Absent: a bearer token; empty: none. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly ReturnType<typeof parameter>[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

type Named<Value> = Readonly<Record<string, Value>>;

/** Operations by path and by method in lower case, and the components that they alone need, by name. */
export interface Part {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Named<Named<Operation>>;
  readonly securitySchemes?: Named<object>;
  readonly headers?: Named<Header>;
  readonly responses: Named<Response>;
  readonly schemas: Named<Schema>;
}

const [ID] = SESSION_ID.examples;
const SESSION = {
  id: ID,
  auth_time: '2026-01-01T09:00:00.000Z',
  expires_at: '2026-01-01T10:00:00.000Z',
};
const LISTED = { ...SESSION, user_agent: 'Firefox', ip: '192.0.2.1', current: true };

/** Responses that endpoints share. */
export const ANY = {
  429: 'TooManyRequests',
  500: 'UnhandledError',
  '5XX': 'GatewayFailure',
} as const;
const PROTECTED = { 401: 'Unauthorized', 403: 'Forbidden', ...ANY } as const;

/** Every route of each deployment. */
export const paths: Part['paths'] = {
  '/api/v1/auth/logout': {
    post: {
      operationId: 'logout',
      tags: ['sessions'],
      summary: 'Log out',
      description:
        'Ends sessions. `this` answers 200 to any bearer token, also an expired, logged-out or malformed one; `others` and `everywhere` need an active session.',
      parameters: [
        parameter(
          'query',
          'scope',
          '`this`: the token’s session. `others`: all other sessions of the user. `everywhere`: all sessions of the user.',
          { type: 'string', enum: LOGOUT_SCOPES, default: LOGOUT_SCOPES[0] },
        ),
      ],
      responses: {
        200: answer('LoggedOut', 'The sessions are over. Always the same body.'),
        422: answer('UnprocessableParameter', 'The scope is not one of the three.', {
          scope: { value: { detail: `scope must be one of ${LOGOUT_SCOPES.join(', ')}` } },
        }),
        ...shared(PROTECTED),
      },
    },
  },
  '/api/v1/auth/me': {
    get: {
      operationId: 'me',
      tags: ['sessions'],
      summary: 'Who am I',
      description: 'The user and the session of an active token, with its profile claims.',
      responses: {
        200: answer('Me', 'The session is active.', {
          alice: { value: { sub: 'alice', session: SESSION, name: 'Alice' } },
        }),
        ...shared(PROTECTED),
      },
    },
  },
  '/api/v1/auth/sessions': {
    get: {
      operationId: 'listSessions',
      tags: ['sessions'],
      summary: 'List my sessions',
      description: 'The caller’s active sessions, newest first.',
      parameters: [
        parameter('query', 'limit', 'Sessions per page.', {
          type: 'integer',
          minimum: 1,
          maximum: MAX_LIMIT,
          default: DEFAULT_LIMIT,
        }),
        parameter('query', 'next', 'The value `next` of the page before.', { type: 'string' }),
      ],
      responses: {
        200: answer('SessionPage', 'A page of the list.', {
          one: { value: { sessions: [LISTED], next: null } },
        }),
        422: answer(
          'UnprocessableParameter',
          `The limit is not from 1 to ${MAX_LIMIT}, or next is not the value of a page.`,
          {
            limit: { value: { detail: `limit must be a whole number from 1 to ${MAX_LIMIT}` } },
            next: { value: { detail: 'next must be the value that a page before gave' } },
          },
        ),
        ...shared(PROTECTED),
      },
    },
  },
  '/api/v1/auth/sessions/{id}': {
    delete: {
      operationId: 'endSession',
      tags: ['sessions'],
      summary: 'End one of my sessions',
      description: 'Ends one of the caller’s sessions, the current one included.',
      parameters: [parameter('path', 'id', 'The `id` of a session in the list.', SESSION_ID)],
      responses: {
        204: { description: 'The session is over.', headers: NO_STORE },
        404: answer('SessionNotFound', 'The id names no active session of the caller.'),
        ...shared(PROTECTED),
      },
    },
  },
  '/openapi.json': {
    get: {
      operationId: 'openApi',
      tags: ['documentation'],
      summary: 'This document',
      description: 'OpenAPI 3.1, for client generators and documentation pages.',
      security: [],
      responses: { 200: answer('OpenApi', 'The document.'), ...shared(ANY) },
    },
  },
};

function parameter(place: 'query' | 'path', name: string, description: string, schema: Schema) {
  const required = place === 'path' ? { required: true } : {};
  return { name, in: place, ...required, description, schema };
}

/** The body of a request: a form. */
export function form(schema: string): object {
  const content = { schema: reference('schemas', schema) };
  return { required: true, content: { 'application/x-www-form-urlencoded': content } };
}
