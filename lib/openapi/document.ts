import { paths } from './paths.ts';
import { headers, responses } from './responses.ts';
import { schemas } from './schemas.ts';

/** The HTTP contract. README.md has it in prose; the end-to-end tests hold to it what they, and pages, are answered. */
export const openApiDocument = {
  openapi: '3.1.1',
  info: {
    title: 'true-logout',
    version: '0.1.0',
    summary: 'JWT sessions that end when the user says so.',
    description:
      '200 from logout means that the session is dead, at the next request, everywhere. Authorize with a token of the login service (`npm run --silent token` makes one for a local run), then try `me`, `logout`, and `me` again.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  // Relative to this document: it is right under a stage's path and a custom domain's mapping as well.
  servers: [{ url: '.', description: 'This deployment' }],
  security: [{ bearer: [] }],
  tags: [
    { name: 'sessions', description: 'The sessions of whoever holds a token.' },
    { name: 'documentation', description: 'What is written here.' },
  ],
  paths,
  components: {
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'A token of the login service. It counts in the Authorization header alone.',
      },
    },
    headers,
    responses,
    schemas,
  },
} as const;
