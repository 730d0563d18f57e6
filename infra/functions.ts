/** A Lambda function: role, log group, concurrency, alarms and dashboard rows follow from the entry. */
export interface FunctionEntry {
  /** The route of the HTTP API; absent for a function that other services invoke. */
  readonly route?: string;
  /** Actions on the session table. */
  readonly dynamodb?: readonly string[];
  /** Further ones where sessions are registered, and where they are adopted: beside the check's PutItem. */
  readonly registered?: readonly string[];
  readonly adopted?: readonly string[];
  /** Whether the function verifies tokens, so its role may read the secret. */
  readonly verifiesTokens?: true;
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether a 401 or bad input is a Lambda error; crashes are then counted from the log. */
  readonly throwsDenials?: true;
  /** Whether it ends sessions without a check, so that it adopts and touches none. */
  readonly endsOnly?: true;
  /** The parameter that switches the function on; absent for a function of every deployment. */
  readonly when?: string;
}

/** The functions, by name. `deleteSession` is `handlers/delete-session.ts`. */
export const functionTable: Readonly<Record<string, FunctionEntry>> = {
  logout: {
    route: 'POST /api/v1/auth/logout',
    // `this` deletes or marks a row; `others` and `everywhere` check, write the cutoff, and delete rows.
    dynamodb: ['BatchGetItem', 'UpdateItem'],
    registered: ['DeleteItem', 'Query', 'BatchWriteItem'],
    verifiesTokens: true,
  },
  me: { route: 'GET /api/v1/auth/me', dynamodb: ['BatchGetItem'], verifiesTokens: true },
  listSessions: {
    route: 'GET /api/v1/auth/sessions',
    dynamodb: ['BatchGetItem', 'Query'],
    verifiesTokens: true,
  },
  deleteSession: {
    route: 'DELETE /api/v1/auth/sessions/{id}',
    dynamodb: ['BatchGetItem'],
    registered: ['DeleteItem'],
    adopted: ['UpdateItem'],
    verifiesTokens: true,
  },
  authorizer: {
    dynamodb: ['BatchGetItem'],
    verifiesTokens: true,
    environment: { AUTHORIZER_CLAIMS: '${param:authorizerClaims}' },
    throwsDenials: true,
  },
  backchannelLogout: {
    route: 'POST /api/v1/auth/backchannel-logout',
    dynamodb: ['Query', 'UpdateItem', 'BatchGetItem'],
    registered: ['DeleteItem'],
    when: 'jwtLogoutAudience',
  },
  introspect: {
    route: 'POST /api/v1/auth/introspect',
    dynamodb: ['BatchGetItem'],
    verifiesTokens: true,
    when: 'oauthClients',
  },
  revoke: {
    route: 'POST /api/v1/auth/revoke',
    dynamodb: ['BatchGetItem'],
    registered: ['DeleteItem'],
    adopted: ['UpdateItem'],
    verifiesTokens: true,
    endsOnly: true,
    when: 'oauthClients',
  },
  // Without a route: IAM decides who may invoke it.
  admin: {
    dynamodb: ['BatchGetItem', 'Query', 'UpdateItem'],
    registered: ['DeleteItem', 'BatchWriteItem'],
    throwsDenials: true,
  },
  openapi: {
    route: 'GET /openapi.json',
    environment: { PATH_PREFIX: '${param:pathPrefix}' },
  },
};
