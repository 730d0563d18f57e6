import { parseArgs } from 'node:util';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { PATH_PREFIX } from '../lib/openapi/path-prefix.ts';
import { isObject } from '../lib/shared/json.ts';
import { runCommand, UsageError } from '../support/command-line.ts';
import { issueToken } from '../support/issue-token.ts';
import { readToken } from '../support/read-token.ts';
import { signerOf } from '../support/signer.ts';
import { type Target, targetEnvironment } from './target.ts';

const USAGE = `Checks a running service: a session that lives, is logged out, and is dead at the next request.

  npm run smoke -- --url https://… [--stage dev [--region eu-west-1]]
  npm run smoke -- --url http://localhost:3000
  … | npm run smoke -- --url https://… --token-stdin     with a token of your own login service`;

/** A request and its expected answer; without `body` any body will do. */
interface Step {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly withToken: boolean;
  readonly status: number;
  readonly body?: string;
  readonly authenticate?: string;
}

const LOGOUT = { method: 'POST', path: 'logout', withToken: true };
const ME = { method: 'GET', path: 'me', withToken: true };
const LOGGED_OUT = { status: 200, body: '{"message":"Successfully logged out"}' };
const NO_HEADER = { withToken: false, status: 403, body: '{"detail":"Not authenticated"}' };
const DEAD = {
  status: 401,
  body: '{"detail":"Could not validate credentials"}',
  authenticate: 'Bearer error="invalid_token"',
};

const STEPS: readonly Step[] = [
  { name: 'me, live session', ...ME, status: 200 },
  { name: 'logout', ...LOGOUT, ...LOGGED_OUT },
  { name: 'me, at once', ...ME, ...DEAD },
  { name: 'logout again', ...LOGOUT, ...LOGGED_OUT },
  { name: 'me, no header', ...ME, ...NO_HEADER },
  { name: 'logout, no header', ...LOGOUT, ...NO_HEADER },
];

/** `npm run smoke`: the check after a deployment. Exits with 1 on any difference. */
export async function smoke(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      url: { type: 'string' },
      stage: { type: 'string' },
      region: { type: 'string' },
      'token-stdin': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
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
    ? await readToken()
    : await freshToken({ ...values, port: Number(url.port || 80) });

  const api = await endpoints(url.href.replace(/\/$/, ''));
  const ended: number[] = [];
  let failed = 0;
  for (const step of STEPS) {
    if (!(await check(api, token, step))) failed += 1;
    ended.push(performance.now());
  }
  const [, logout = 0, refused = 0] = ended;
  const gapMs = (refused - logout).toFixed(1);
  process.stdout.write(`from logout's answer to the first 401: ${gapMs} ms\n`);
  process.stdout.write(`${STEPS.length - failed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

async function freshToken({ stage, region, port }: Target): Promise<string> {
  const environment = await targetEnvironment({ stage, region, port });
  const signer = await signerOf(environment);
  if (!signer)
    throw new UsageError(
      'This service has only a public key, so it cannot sign: give a token of your login service with --token-stdin',
    );
  const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
  return (await issueToken(store, signer, { sub: 'smoke-test', ttlSeconds: 300 })).token;
}

/** Where the endpoints are: a deployment can have them below another prefix, which its document tells. */
async function endpoints(url: string): Promise<string> {
  const response = await fetch(`${url}/openapi.json`, { signal: AbortSignal.timeout(30_000) });
  const document: unknown = await response.json().catch(() => null);
  const paths = isObject(document) && isObject(document.paths) ? document.paths : {};
  const logout = Object.keys(paths).find((path) => path.endsWith('/logout'));
  return url + (logout?.slice(0, -'/logout'.length) ?? PATH_PREFIX);
}

/** Sends one request, and prints the answer's differences; never the token. */
async function check(api: string, token: string, step: Step): Promise<boolean> {
  const { name, method, path, withToken } = step;
  const start = performance.now();
  const response = await fetch(`${api}/${path}`, {
    method,
    headers: withToken ? { authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(30_000),
  });
  const body = await response.text();
  const ms = (performance.now() - start).toFixed(1).padStart(7);
  const { status, headers } = response;
  const type = headers.get('content-type');
  const facts: readonly (readonly [name: string, actual: unknown, expected: unknown])[] = [
    ['status', status, step.status],
    ['body', body, step.body ?? body],
    ['cache-control', headers.get('cache-control'), 'no-store'],
    ['www-authenticate', headers.get('www-authenticate'), step.authenticate ?? null],
    ['content-type', type?.replace(/;.*$/, ''), 'application/json'],
  ];
  const differences = facts
    .filter(([, actual, expected]) => actual !== expected)
    .map(([fact, actual, expected]) => `${fact} is ${actual}, not ${expected}`);
  const verdict = differences.length === 0 ? 'ok  ' : 'FAIL';
  process.stdout.write(
    `${verdict} ${name.padEnd(20)} ${status} ${ms} ms ${differences.join('; ')}\n`,
  );
  return differences.length === 0;
}

if (import.meta.main) await runCommand(smoke);
