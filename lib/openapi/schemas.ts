import { MAX_MESSAGE_LENGTH, MAX_TRACE_LENGTH } from '../observability/describe-error.ts';
import { MAX_JTI_BYTES } from '../sessions/key.ts';
import { MAX_LIMIT } from '../sessions/list.ts';
import { PROFILE_CLAIMS } from '../tokens/profile-claims.ts';

/** JSON Schema 2020-12, as in OpenAPI 3.1. The linter checks the keywords. */
export type Schema = Readonly<Record<string, unknown>>;

export type Reference = { readonly $ref: string };

const BASE64URL = '^[A-Za-z0-9_-]+$';

/** base64url of a `jti`: four characters for three bytes. */
export const SESSION_ID = {
  type: 'string',
  description: 'Opaque id of a session. Not a credential.',
  pattern: BASE64URL,
  maxLength: Math.ceil((MAX_JTI_BYTES * 4) / 3),
  examples: ['MWI5ZDZiY2QtYmJmZC00YjJkLTliNWQtYWI4ZGZiYmQ0YmVk'],
} as const satisfies Schema;

/** A UUID v4 (RFC 9562): the pattern says more than the format. */
export const ERROR_ID: Schema = {
  type: 'string',
  format: 'uuid',
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
};

const SESSION = {
  id: SESSION_ID,
  auth_time: time('When the user authenticated; unchanged by a refresh.'),
  expires_at: time('When the session ends by itself.'),
};

const PROFILE = Object.fromEntries(
  Object.entries(PROFILE_CLAIMS).map(([name, type]) => [
    name,
    { type, description: 'Where the token carries it (OpenID Connect Core, section 5.1).' },
  ]),
);

/** Schemas, by name. Objects are exact: responses have no other members. */
export const schemas: Readonly<Record<string, Schema>> = {
  LoggedOut: object({ message: exactly('Successfully logged out') }),
  Session: object(SESSION),
  Me: object(
    {
      sub: {
        type: 'string',
        minLength: 1,
        description: 'The user; `#jti:` and the token’s `jti` for a token without `sub`.',
      },
      session: reference('schemas', 'Session'),
      ...PROFILE,
    },
    ['sub', 'session'],
  ),
  SessionListItem: object(
    {
      ...SESSION,
      user_agent: { type: ['string', 'null'], description: 'Of the request at log-in.' },
      ip: { type: ['string', 'null'], description: 'Of the request at log-in.' },
      last_seen: {
        ...time('Last use, as coarse as a tenth of IDLE_TIMEOUT; only where that is set.'),
        type: ['string', 'null'],
      },
      current: { type: 'boolean', description: 'Whether the session is the caller’s own.' },
    },
    ['id', 'auth_time', 'expires_at', 'user_agent', 'ip', 'current'],
  ),
  SessionPage: object({
    sessions: {
      type: 'array',
      maxItems: MAX_LIMIT,
      items: reference('schemas', 'SessionListItem'),
    },
    next: {
      type: ['string', 'null'],
      pattern: BASE64URL,
      description: 'The parameter `next` for the following page; null on the last page.',
    },
  }),
  Unauthorized: object({ detail: exactly('Could not validate credentials') }),
  Forbidden: object({
    detail: { type: 'string', enum: ['Not authenticated', 'Invalid authentication credentials'] },
  }),
  SessionNotFound: object({ detail: exactly('Session not found') }),
  UnprocessableParameter: object({
    detail: { type: 'string', description: 'Which parameter, and what it may be.' },
  }),
  UnhandledError: object({
    detail: exactly('Internal Server Error'),
    error: text(MAX_MESSAGE_LENGTH, 'The message; where errors are redacted, only where to look.'),
    error_type: { type: 'string', maxLength: MAX_MESSAGE_LENGTH },
    trace: text(MAX_TRACE_LENGTH, 'The stack; where errors are redacted, only where to look.'),
    error_id: ERROR_ID,
    path: { type: 'string' },
    method: { type: 'string' },
  }),
  GatewayError: object({ message: { type: 'string' } }),
  OpenApi: {
    type: 'object',
    description: 'This document; the members of the specification.',
    required: ['openapi', 'info', 'paths', 'components'],
    properties: {
      openapi: { type: 'string', pattern: '^3\\.1\\.' },
      info: { type: 'object' },
      paths: { type: 'object' },
      components: { type: 'object' },
    },
    additionalProperties: true,
  },
};

/** A reference to a component of the document. */
export function reference(kind: 'headers' | 'responses' | 'schemas', name: string): Reference {
  return { $ref: `#/components/${kind}/${name}` };
}

/** An object with these members and no others. */
export function object(
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[] = Object.keys(properties),
): Schema {
  return { type: 'object', required, properties, additionalProperties: false };
}

/** A form: other parameters are ignored (RFC 6749, section 3.2). */
export function formOf(...members: Parameters<typeof object>): Schema {
  return { ...object(...members), additionalProperties: true };
}

/** RFC 6749, section 5.2. */
export function oauthError(code: string, description: string): Schema {
  return object({ error: exactly(code), error_description: { type: 'string', description } });
}

function exactly(text: string): Schema {
  return { type: 'string', const: text };
}

function text(maxLength: number, description: string): Schema {
  return { type: 'string', maxLength, description };
}

function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}
