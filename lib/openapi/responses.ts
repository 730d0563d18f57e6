import { defined } from '../shared/json.ts';
import { ERROR_ID, type Reference, reference, type Schema } from './schemas.ts';

export interface Header {
  readonly description: string;
  /** Whether the header is always sent. */
  readonly required: boolean;
  readonly schema: Schema;
}

/** A response; without `content` the response has no body. */
export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header | Reference>>;
  readonly content?: Readonly<Record<string, object>>;
}

const CACHE_CONTROL = {
  description: 'Never cache: a session may end a moment later.',
  required: true,
  schema: { type: 'string', const: 'no-store' },
};

/** Shared headers, by name. */
export const headers: Readonly<Record<string, Header>> = {
  'Cache-Control': CACHE_CONTROL,
  'WWW-Authenticate': {
    description: 'RFC 6750, section 3.1.',
    required: true,
    schema: { type: 'string', const: 'Bearer error="invalid_token"' },
  },
  'X-Error-ID': {
    description:
      'The `error_id` of the body, the key to the error’s log line. Absent where the gateway answers for the function.',
    required: false,
    schema: ERROR_ID,
  },
};

/** The header of every response of the functions. */
export const NO_STORE = { 'Cache-Control': reference('headers', 'Cache-Control') };

const ID = '3f1c9a52-6c0e-4c0e-9d0c-2b8f6a4d7e11';
const POINTER = `See the log for error id ${ID}`;
const UNHANDLED_ERROR = {
  detail: 'Internal Server Error',
  error: 'connect ECONNREFUSED 192.0.2.1:443',
  error_type: 'Error',
  trace:
    'Error: connect ECONNREFUSED 192.0.2.1:443\n    at endSession (lib/sessions/sessions.ts:65:3)',
  error_id: ID,
  path: '/api/v1/auth/logout',
  method: 'POST',
};

/** Shared responses, by name. */
export const responses: Readonly<Record<string, Response>> = {
  Unauthorized: {
    description: 'The token is expired, logged out, forged, or not of this service.',
    headers: { ...NO_STORE, 'WWW-Authenticate': reference('headers', 'WWW-Authenticate') },
    content: json(reference('schemas', 'Unauthorized')),
  },
  Forbidden: answer(
    'Forbidden',
    'The request carries no bearer token: `Not authenticated` without credentials, `Invalid authentication credentials` with another scheme than Bearer.',
  ),
  TooManyRequests: {
    description: 'The gateway’s own response above the stage’s request limit. Retry later.',
    content: json(reference('schemas', 'GatewayError')),
  },
  UnhandledError: {
    description:
      'An unexpected error, such as an unreachable DynamoDB. Treat the session as active, keep the token, and retry. For a crashed or timed-out function the gateway answers, with a `message` only and without an error id.',
    headers: {
      // Inline, as the gateway's own response has neither this header nor an error id.
      'Cache-Control': { ...CACHE_CONTROL, required: false },
      'X-Error-ID': reference('headers', 'X-Error-ID'),
    },
    content: json(
      { oneOf: [reference('schemas', 'UnhandledError'), reference('schemas', 'GatewayError')] },
      {
        full: { value: UNHANDLED_ERROR },
        redacted: { value: { ...UNHANDLED_ERROR, error: POINTER, trace: POINTER } },
        gateway: { value: { message: 'Internal Server Error' } },
      },
    ),
  },
  GatewayFailure: {
    description:
      'The gateway’s own response where the request or its response got lost (502, 503, 504). As after a 500, treat the session as active, keep the token, and retry.',
    content: json(reference('schemas', 'GatewayError')),
  },
};

type Examples = Readonly<Record<string, { readonly value: unknown }>>;

/**
 * A JSON response of a function.
 *
 * @param examples bodies that say more than the schema, by name
 */
export function answer(schema: string, description: string, examples?: Examples): Response {
  const content = json(reference('schemas', schema), examples);
  return { description, headers: NO_STORE, content };
}

/** References to shared responses, by status. */
export function shared(names: Readonly<Record<string, string>>): Record<string, Reference> {
  return Object.fromEntries(
    Object.entries(names).map(([status, name]) => [status, reference('responses', name)]),
  );
}

function json(schema: Schema, examples?: Examples) {
  return { 'application/json': defined({ schema, examples }) };
}
