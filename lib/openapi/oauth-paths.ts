/** The part of the contract that is there where OAuth clients are configured. */

import { ANY, type Operation } from './paths.ts';
import { answer, NO_STORE, type Response, shared } from './responses.ts';
import { object, reference, type Schema } from './schemas.ts';

const TEXT = { type: 'string' };
const SECONDS = { type: 'number', description: 'Seconds since the epoch.' };

export const oauthSecuritySchemes = {
  client: {
    type: 'http',
    scheme: 'basic',
    description:
      'Id and secret of an OAuth client (`client_secret_basic`, RFC 6749, section 2.3.1), both form-encoded. The parameters `client_id` and `client_secret` of the body may take their place (`client_secret_post`).',
  },
} as const;

export const oauthHeaders = {
  'Client-Challenge': {
    description: 'RFC 6749, section 5.2.',
    required: true,
    schema: { type: 'string', const: 'Basic realm="true-logout", charset="UTF-8"' },
  },
} as const;

export const oauthResponses: Readonly<Record<string, Response>> = {
  InvalidRequest: answer(
    'InvalidRequest',
    'No form, no token, a repeated parameter, or two ways of authentication at once.',
  ),
  InvalidClient: {
    ...answer('InvalidClient', 'The client is unknown, or its secret is wrong.'),
    headers: { ...NO_STORE, 'WWW-Authenticate': reference('headers', 'Client-Challenge') },
  },
};

export const oauthSchemas: Readonly<Record<string, Schema>> = {
  TokenRequest: {
    ...object({ token: TEXT, token_type_hint: TEXT, client_id: TEXT, client_secret: TEXT }, [
      'token',
    ]),
    // RFC 7662, section 2.1, and RFC 7009, section 2.1: others are ignored.
    additionalProperties: true,
  },
  Introspection: {
    oneOf: [reference('schemas', 'ActiveToken'), reference('schemas', 'InactiveToken')],
  },
  InactiveToken: object({ active: { type: 'boolean', const: false } }),
  ActiveToken: object(
    {
      active: { type: 'boolean', const: true },
      token_type: {
        type: 'string',
        enum: ['Bearer', 'DPoP'],
        description: '`DPoP` for a token with `cnf.jkt`, whose proof is yours to check.',
      },
      ...{
        sub: TEXT,
        iss: TEXT,
        jti: TEXT,
        sid: TEXT,
        username: TEXT,
        scope: TEXT,
        client_id: TEXT,
      },
      ...{ exp: SECONDS, iat: SECONDS, nbf: SECONDS, auth_time: SECONDS },
      aud: { type: ['string', 'array'], items: TEXT },
      cnf: { description: 'Binds the token to a key of its holder (RFC 7800).' },
    },
    ['active', 'token_type'],
  ),
  Revoked: object({}),
  InvalidRequest: oauthError('invalid_request'),
  InvalidClient: oauthError('invalid_client'),
};

/** Introspection and revocation: operations by path and by method in lower case. */
export const oauthPaths: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/api/v1/auth/introspect': {
    post: {
      operationId: 'introspect',
      summary: 'What is this token worth',
      description:
        'Token introspection (RFC 7662) for resource servers. The answer holds at the moment of the request: ask for each request, and cache nothing.',
      ...form(),
      responses: {
        200: answer(
          'Introspection',
          'The members of an active token; `{"active":false}` and no reason for anything else.',
          {
            active: {
              value: { active: true, token_type: 'Bearer', sub: 'alice', exp: 1_767_260_400 },
            },
            inactive: { value: { active: false } },
          },
        ),
        ...shared({ 400: 'InvalidRequest', 401: 'InvalidClient', ...ANY }),
      },
    },
  },
  '/api/v1/auth/revoke': {
    post: {
      operationId: 'revoke',
      summary: 'End the session of a token',
      description:
        'Token revocation (RFC 7009): the same end as log-out. Any client may revoke any token that it holds. `token_type_hint` is ignored.',
      ...form(),
      responses: {
        200: answer(
          'Revoked',
          'The session is over; the same for an expired, unknown or malformed token.',
        ),
        ...shared({ 400: 'InvalidRequest', 401: 'InvalidClient', ...ANY }),
      },
    },
  },
};

/** What the requests of both endpoints have in common. */
function form() {
  const schema = reference('schemas', 'TokenRequest');
  return {
    tags: ['resource servers'],
    security: [{ client: [] }],
    requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema } } },
  };
}

function oauthError(code: string): Schema {
  return object({
    error: { type: 'string', const: code },
    error_description: { type: 'string', description: 'For whoever develops the client.' },
  });
}
