import { parseArgs } from 'node:util';
import type { JWTPayload } from 'jose';
import { readConfiguration } from '../lib/auth/config.ts';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { beginSession } from '../lib/login/issue.ts';
import { sessionKey } from '../lib/sessions/key.ts';
import { portOption, runCommand, UsageError, wholeNumber } from '../support/command-line.ts';
import { issueToken } from '../support/issue-token.ts';
import { signerOf } from '../support/signer.ts';
import { targetEnvironment } from './target.ts';

/** A year: longer lives are a slip of the hand. */
const MAX_TTL_SECONDS = 31_536_000;

const SET_BY_THE_SESSION = ['sub', 'jti', 'exp', 'iat', 'iss', 'aud'];

const USAGE = `Creates a session and prints its signed token alone on stdout. With SESSIONS=adopted it only
signs the token: the row comes with the first check.

  npm run --silent token -- [--sub alice] [--ttl 3600] [--claim name=Alice]… [--jti ID]
                            [--port 3000 | --stage dev [--region eu-west-1]]

--claim takes JSON where the value is JSON (email_verified=true), else text.
Where the service has only a public key it creates just the row of the given --jti.`;

/** `npm run token`: a session in the configured table, and its token where the project can sign. */
export async function token(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      sub: { type: 'string', default: 'alice' },
      ttl: { type: 'string', default: '3600' },
      claim: { type: 'string', multiple: true, default: [] },
      jti: { type: 'string' },
      port: { type: 'string' },
      stage: { type: 'string' },
      region: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const ttlSeconds = wholeNumber('--ttl', values.ttl, MAX_TTL_SECONDS);
  const port = portOption(values.port);
  const claims = parseClaims(values.claim);
  if (!sessionKey({ sub: values.sub, jti: values.jti ?? 'any' }))
    throw new UsageError(
      '--sub takes 1 to 2,048 bytes, --jti 1 to 1,024 and no # at its beginning',
    );

  const environment = await targetEnvironment({ stage: values.stage, region: values.region, port });
  const signer = await signerOf(environment);
  const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
  const request = { sub: values.sub, ttlSeconds, claims, jti: values.jti };
  if (signer) {
    const issued = await issueToken(store, signer, request);
    process.stdout.write(`${issued.token}\n`);
    return;
  }
  if (readConfiguration(environment).issuers[0]?.adoption)
    throw new UsageError(
      'This service has only a public key, so it cannot sign, and its sessions are adopted: sign a token elsewhere, and its row comes with the first check',
    );
  if (values.jti === undefined)
    throw new UsageError(
      'This service has only a public key, so it cannot sign: sign a token elsewhere and give its --jti (and --sub) to create the row',
    );
  if (!(await beginSession(store, request)))
    throw new UsageError('A session with this --sub and --jti exists already');
  process.stderr.write(`Created the session of --sub ${values.sub} --jti ${values.jti}\n`);
}

function parseClaims(pairs: readonly string[]): JWTPayload {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new UsageError('--claim takes name=value');
      const name = pair.slice(0, equals);
      if (SET_BY_THE_SESSION.includes(name))
        throw new UsageError(`--claim can't set ${name}: the session or the configuration does`);
      return [name, parseValue(pair.slice(equals + 1))];
    }),
  );
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // not JSON, so plain text
  }
}

if (import.meta.main) await runCommand(token);
