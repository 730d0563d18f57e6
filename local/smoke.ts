import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { issueSession } from '../lib/login/issue.ts';
import { UsageError } from './arguments.ts';
import { signerOf } from './signer.ts';
import { runCommand, targetEnvironment } from './target.ts';

const USAGE = `Checks a running service: a session that lives, is logged out, and is dead at the next request.

  npm run smoke -- --url https://… [--stage dev]
  npm run smoke -- --url http://localhost:3000
  … | npm run smoke -- --url https://… --token-stdin     with a token of your own login service`;

/** What an answer has to be, to the byte where there is only one right body. */
interface Expected {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const LOGGED_OUT: Expected = { status: 200, body: '{"message":"Successfully logged out"}' };
const DEAD: Expected = {
  status: 401,
  body: '{"detail":"Could not validate credentials"}',
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
};
const NO_HEADER: Expected = { status: 403, body: '{"detail":"Not authenticated"}' };

/** `npm run smoke`: the check after a deployment. Exits with 1 on any difference. */
async function smoke(): Promise<void> {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      stage: { type: 'string' },
      'token-stdin': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  if (!/^https?:\/\//.test(values.url ?? '') || !URL.canParse(values.url ?? ''))
    throw new UsageError(`--url takes the http(s) URL of the API\n\n${USAGE}`);
  const url = new URL(values.url ?? '');
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (!local && values.stage === undefined && !values['token-stdin'])
    throw new UsageError(
      'Name the deployed stage with --stage, or give a token with --token-stdin',
    );
  const token = values['token-stdin']
    ? (await text(process.stdin)).trim()
    : await freshToken(values.stage, Number(url.port || 80));

  const api = `${url.href.replace(/\/$/, '')}/api/v1/auth`;
  const bearer = { authorization: `Bearer ${token}` };
  const step = (
    name: string,
    method: string,
    path: string,
    headers: Record<string, string>,
    expected: Expected,
  ) => check(name, new Request(`${api}/${path}`, { method, headers }), expected);

  const results = [await step('me, live session', 'GET', 'me', bearer, { status: 200 })];
  results.push(await step('logout', 'POST', 'logout', bearer, LOGGED_OUT));
  const loggedOutAt = performance.now();
  results.push(await step('me, at once', 'GET', 'me', bearer, DEAD));
  const gapMs = performance.now() - loggedOutAt;
  results.push(await step('logout again', 'POST', 'logout', bearer, LOGGED_OUT));
  results.push(await step('me, no header', 'GET', 'me', {}, NO_HEADER));
  results.push(await step('logout, no header', 'POST', 'logout', {}, NO_HEADER));
  process.stdout.write(`from logout's answer to the first 401: ${gapMs.toFixed(1)} ms\n`);

  const failed = results.filter((passed) => !passed).length;
  process.stdout.write(`${results.length - failed} passed, ${failed} failed\n`);
  if (failed > 0) process.exitCode = 1;
}

async function freshToken(stage: string | undefined, port: number): Promise<string> {
  const environment = await targetEnvironment({ stage, port });
  const signer = await signerOf(environment);
  if (!signer)
    throw new UsageError(
      'This service has only a public key, so it cannot sign: give a token of your login service with --token-stdin',
    );
  const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
  return (await issueSession(store, signer, { sub: 'smoke-test', ttlSeconds: 300 })).token;
}

/** Sends one request and prints how its answer compares. Never prints the request's headers. */
async function check(name: string, request: Request, expected: Expected): Promise<boolean> {
  const start = performance.now();
  const response = await fetch(request, { signal: AbortSignal.timeout(30_000) });
  const body = await response.text();
  const ms = performance.now() - start;
  const differences = [
    difference('status', response.status, expected.status),
    difference('body', body, expected.body ?? body),
    ...Object.entries({ 'cache-control': 'no-store', ...expected.headers }).map(([header, value]) =>
      difference(header, response.headers.get(header), value),
    ),
    response.headers.get('content-type')?.startsWith('application/json')
      ? ''
      : `content-type is ${response.headers.get('content-type')}`,
  ].filter((text) => text !== '');
  const verdict = differences.length === 0 ? 'ok  ' : 'FAIL';
  process.stdout.write(
    `${verdict} ${name.padEnd(20)} ${response.status} ${ms.toFixed(1).padStart(7)} ms ${differences.join('; ')}\n`,
  );
  return differences.length === 0;
}

function difference(what: string, actual: unknown, expected: unknown): string {
  return actual === expected ? '' : `${what} is ${actual}, not ${expected}`;
}

await runCommand(smoke);
