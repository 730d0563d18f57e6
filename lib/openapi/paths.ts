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

/** What every endpoint with a token may answer beside its own. */
const ANY = { 429: 'TooManyRequests', 500: 'UnhandledError', '5XX': 'GatewayFailure' } as const;
const WITH_TOKEN = { 403: 'Forbidden', ...ANY } as const;
const PROTECTED = { 401: 'Unauthorized', ...WITH_TOKEN } as const;

const logout: PathItem = {
  post: {
    operationId: 'logout',
    tags: ['sessions'],
    summary: 'Log out',
    description:
      'Says 200 when it is true that the sessions in question are dead. For `this` that is so for any bearer token at all, also one that expired, was logged out before, or is not a token at all; `others` and `everywhere` need a live session.',
    parameters: [
      {
        name: 'scope',
        in: 'query',
        description:
          '`this`: the session of the token. `others`: all of the user’s but this one. `everywhere`: all.',
        schema: { type: 'string', enum: LOGOUT_SCOPES, default: LOGOUT_SCOPES[0] },
      },
    ],
    responses: {
      200: answer('LoggedOut', 'The sessions are dead. Always the same bytes.', {
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
    description: 'The subject and the session of a live token, with the profile that it carries.',
    responses: {
      200: answer('Me', 'The session is alive.', {
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
    description: 'The caller’s live sessions, newest first.',
    parameters: [
      {
        name: 'limit',
        in: 'query',
        description: 'Sessions on a page.',
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
        `The limit is not from 1 to ${MAX_LIMIT}, or the cursor is not one that a page gave.`,
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
    description: 'Ends one of the caller’s sessions; the current one as well.',
    parameters: [
      {
        name: 'id',
        in: 'path',
        required: true,
        description: 'The `id` of a session, as the list has it.',
        schema: SESSION_ID,
      },
    ],
    responses: {
      204: emptyAnswer('The session is dead.'),
      404: answer('SessionNotFound', 'It is no live session of the caller’s.', {
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
    description: 'OpenAPI 3.1, for generators of clients and pages that show it.',
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
