import { LOGOUT_SCOPES } from '../auth/logout.ts';
import { DEFAULT_LIMIT, MAX_LIMIT } from '../sessions/list.ts';
import { answer, emptyAnswer, shared } from './responses.ts';
import { SESSION_ID } from './schemas.ts';
import type { PathItem } from './types.ts';

const [ID] = SESSION_ID.examples;
const SESSION = {
  id: ID,
  auth_time: '2026-01-01T09:00:00.000Z',
  expires_at: '2026-01-01T10:00:00.000Z',
};

/** Responses that endpoints share. */
const ANY = { 429: 'TooManyRequests', 500: 'UnhandledError', '5XX': 'GatewayFailure' } as const;
const WITH_TOKEN = { 403: 'Forbidden', ...ANY } as const;
const PROTECTED = { 401: 'Unauthorized', ...WITH_TOKEN } as const;

const logout: PathItem = {
  post: {
    operationId: 'logout',
    tags: ['sessions'],
    summary: 'Log out',
    description:
      'Ends sessions. `this` answers 200 to any bearer token, also an expired, logged-out or malformed one; `others` and `everywhere` need an active session.',
    parameters: [
      {
        name: 'scope',
        in: 'query',
        description:
          '`this`: the token’s session. `others`: all other sessions of the user. `everywhere`: all sessions of the user.',
        schema: { type: 'string', enum: LOGOUT_SCOPES, default: LOGOUT_SCOPES[0] },
      },
    ],
    responses: {
      200: answer('LoggedOut', 'The sessions are over. Always the same body.', {
        done: { value: { message: 'Successfully logged out' } },
      }),
      422: answer('UnprocessableParameter', 'The scope is not one of the three.', {
        scope: { value: { detail: `scope must be one of ${LOGOUT_SCOPES.join(', ')}` } },
      }),
      ...shared(PROTECTED),
    },
  },
};

const me: PathItem = {
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
};

const sessions: PathItem = {
  get: {
    operationId: 'listSessions',
    tags: ['sessions'],
    summary: 'List my sessions',
    description: 'The caller’s active sessions, newest first.',
    parameters: [
      {
        name: 'limit',
        in: 'query',
        description: 'Sessions per page.',
        schema: { type: 'integer', minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT },
      },
      {
        name: 'next',
        in: 'query',
        description: 'The value `next` of the page before.',
        schema: { type: 'string' },
      },
    ],
    responses: {
      200: answer('SessionPage', 'A page of the list.', {
        one: {
          value: {
            sessions: [{ ...SESSION, user_agent: 'Firefox', ip: '192.0.2.1', current: true }],
            next: null,
          },
        },
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
};

const session: PathItem = {
  delete: {
    operationId: 'endSession',
    tags: ['sessions'],
    summary: 'End one of my sessions',
    description: 'Ends one of the caller’s sessions, the current one included.',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The `id` of a session in the list.',
        schema: SESSION_ID,
      },
    ],
    responses: {
      204: emptyAnswer('The session is over.'),
      404: answer('SessionNotFound', 'The id names no active session of the caller.', {
        gone: { value: { detail: 'Session not found' } },
      }),
      ...shared(PROTECTED),
    },
  },
};

const openApi: PathItem = {
  get: {
    operationId: 'openApi',
    tags: ['documentation'],
    summary: 'This document',
    description: 'OpenAPI 3.1, for client generators and documentation pages.',
    security: [],
    responses: {
      200: answer('OpenApi', 'The document.', {
        beginning: {
          value: { openapi: '3.1.1', info: { title: 'true-logout' }, paths: {}, components: {} },
        },
      }),
      ...shared(ANY),
    },
  },
};

/** Every route of serverless.yml. */
export const paths: Readonly<Record<string, PathItem>> = {
  '/api/v1/auth/logout': logout,
  '/api/v1/auth/me': me,
  '/api/v1/auth/sessions': sessions,
  '/api/v1/auth/sessions/{id}': session,
  '/openapi.json': openApi,
};
