import { hasLogoutIssuers } from '../auth/issuers.ts';
import type { Environment } from '../shared/environment.ts';
import { federationPaths, federationResponses, federationSchemas } from './federation-paths.ts';
import {
  oauthHeaders,
  oauthPaths,
  oauthResponses,
  oauthSchemas,
  oauthSecuritySchemes,
} from './oauth-paths.ts';
import { PATH_PREFIX } from './path-prefix.ts';
import { paths } from './paths.ts';
import { headers, responses } from './responses.ts';
import { schemas } from './schemas.ts';

/** The HTTP contract of every deployment. End-to-end tests validate every response against this document. */
export const openApiDocument = {
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
  tags: [
    { name: 'sessions', description: 'Sessions of the token’s user.' },
    { name: 'documentation', description: 'This document.' },
  ],
  paths,
  components: {
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
  },
} as const;

/** Adds the endpoints that only some deployments have. */
function extended({ federation, oauth }: Readonly<Record<'federation' | 'oauth', boolean>>) {
  const { tags, components } = openApiDocument;
  const federationTag = {
    name: 'identity providers',
    description: 'Logouts that a user begins elsewhere.',
  };
  const oauthTag = {
    name: 'resource servers',
    description: 'Questions of OAuth clients about any token.',
  };
  return {
    ...openApiDocument,
    tags: [...tags, ...(federation ? [federationTag] : []), ...(oauth ? [oauthTag] : [])],
    paths: { ...paths, ...(federation && federationPaths), ...(oauth && oauthPaths) },
    components: {
      securitySchemes: { ...components.securitySchemes, ...(oauth && oauthSecuritySchemes) },
      headers: { ...headers, ...(oauth && oauthHeaders) },
      responses: {
        ...responses,
        ...(federation && federationResponses),
        ...(oauth && oauthResponses),
      },
      schemas: { ...schemas, ...(federation && federationSchemas), ...(oauth && oauthSchemas) },
    },
  };
}

/** The contract of a deployment with back-channel logout, introspection and revocation. */
export const completeDocument = /* @__PURE__ */ extended({ federation: true, oauth: true });

/** The contract of a deployment with these variables. */
export function documentOf(environment: Environment) {
  const document = extended({
    federation: hasLogoutIssuers(environment),
    oauth: Boolean(environment.OAUTH_CLIENTS || environment.OAUTH_CLIENTS_PARAMETER),
  });
  const prefix = environment.PATH_PREFIX || PATH_PREFIX;
  const moved = Object.entries(document.paths).map(([path, operations]) => [
    path.replace(PATH_PREFIX, prefix),
    operations,
  ]);
  return { ...document, paths: Object.fromEntries(moved) };
}
