import { hasLogoutIssuers } from '../auth/issuers.ts';
import type { Environment } from '../shared/environment.ts';
import { federation } from './federation.ts';
import { oauth } from './oauth.ts';
import { PATH_PREFIX } from './path-prefix.ts';
import { type Part, paths } from './paths.ts';
import { headers, responses } from './responses.ts';
import { schemas } from './schemas.ts';

/** The part of every deployment. */
const core: Part = {
  tags: [
    { name: 'sessions', description: 'Sessions of the token’s user.' },
    { name: 'documentation', description: 'This document.' },
  ],
  paths,
  securitySchemes: {
    bearer: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'A token of the login service, in the Authorization header only.',
    },
  },
  headers,
  responses,
  schemas,
};

function documentWith(...parts: readonly Part[]) {
  return {
    openapi: '3.1.1',
    info: {
      title: 'true-logout',
      version: '0.1.0',
      summary: 'JWT sessions that end when the user says so.',
      description:
        '200 from logout means that the session is over, everywhere, at the next request. Authorize with a token of the login service (`npm run --silent token` prints one for a local run), then try `me`, `logout`, and `me` again.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative to this document, so also valid below a stage's path or a domain's base path.
    servers: [{ url: '.', description: 'This deployment' }],
    security: [{ bearer: [] }],
    tags: parts.flatMap(({ tags }) => tags),
    paths: joined(parts.map((part) => part.paths)),
    components: {
      securitySchemes: joined(parts.map((part) => part.securitySchemes)),
      headers: joined(parts.map((part) => part.headers)),
      responses: joined(parts.map((part) => part.responses)),
      schemas: joined(parts.map((part) => part.schemas)),
    },
  };
}

function joined<Value>(
  named: readonly (Readonly<Record<string, Value>> | undefined)[],
): Readonly<Record<string, Value>> {
  return Object.assign({}, ...named);
}

/** The HTTP contract of every deployment. End-to-end tests validate every response against this document. */
export const openApiDocument = /* @__PURE__ */ documentWith(core);

/** The contract of a deployment with back-channel logout, introspection and revocation. */
export const completeDocument = /* @__PURE__ */ documentWith(core, federation, oauth);

/** The contract of a deployment with these variables. */
export function documentOf(environment: Environment) {
  const { OAUTH_CLIENTS, OAUTH_CLIENTS_PARAMETER, PATH_PREFIX: prefix } = environment;
  const document = documentWith(
    core,
    ...(hasLogoutIssuers(environment) ? [federation] : []),
    ...(OAUTH_CLIENTS || OAUTH_CLIENTS_PARAMETER ? [oauth] : []),
  );
  const moved = Object.entries(document.paths).map(([path, operations]) => [
    path.replace(PATH_PREFIX, prefix || PATH_PREFIX),
    operations,
  ]);
  return { ...document, paths: Object.fromEntries(moved) };
}
