import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { SessionStore } from '../lib/aws/dynamodb.ts';
import { issueToken, type ServiceSigner } from '../support/issue-token.ts';
import { hostInUrl, isLoopback } from './console/guard.ts';

/** A local run that is about to be ready. */
export interface Announcement {
  readonly host: string;
  readonly port: number;
  /** How to name the port to the project's commands; empty for the default one. */
  readonly portOption: string;
  /** Where the endpoints are, such as `/api/v1/auth`. */
  readonly prefix: string;
  readonly store: SessionStore;
  readonly signer: ServiceSigner | undefined;
  /** Whether rows come with the first check of a session. */
  readonly adopted: boolean;
}

/** Waits until something listens. */
export async function untilListening(host: string, port: number): Promise<void> {
  while (!(await accepts(host, port))) await pause(50);
}

/** Says where to begin: a table of URLs, and a first token with three lines to paste. */
export async function announce(run: Announcement): Promise<void> {
  const { host, port, portOption, prefix } = run;
  const base = consoleUrl(host, port);
  const url = `${base.slice(0, -1)}${prefix}`;
  const places = [
    [
      base,
      `the console: log devices out, and watch rows ${run.adopted ? 'appear and end' : 'vanish'}`,
    ],
    [`${base}docs`, 'Swagger UI'],
    [`${base}openapi.json`, 'the contract'],
    [url, 'POST /logout, GET /me, GET /sessions, DELETE /sessions/{id}'],
  ] as const;
  const width = Math.max(...places.map(([place]) => place.length));
  const table = places.map(([place, what]) => `  ${place.padEnd(width)}  ${what}\n`).join('');
  const warning = networkWarning(run);
  const steps = await firstSteps(url, portOption, run);
  process.stdout.write(`\nReady.\n\n${table}\n${warning}${steps}\n`);
}

async function firstSteps(
  url: string,
  portOption: string,
  { store, signer, adopted }: Announcement,
): Promise<string> {
  if (!signer)
    return adopted
      ? 'Sign tokens with your own key; their rows come with the first check.\n'
      : `Sign tokens with your own key; make their rows with
  npm run token -- --sub alice --jti <the token’s jti>${portOption}
`;
  const { token } = await issueToken(store, signer, {
    sub: 'alice',
    ttlSeconds: 3_600,
    claims: { name: 'Alice' },
  });
  return `Try it:

  TOKEN=${token}
  curl -i -H "Authorization: Bearer $TOKEN" ${url}/me             # 200: who you are
  curl -i -H "Authorization: Bearer $TOKEN" -X POST ${url}/logout # 200: logged out
  curl -i -H "Authorization: Bearer $TOKEN" ${url}/me             # 401: really logged out

Another token: npm run --silent token${portOption && ` --${portOption}`}
`;
}

/** Browsers on this machine reach a run that listens on every address under this name. */
export function consoleUrl(host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  return `http://${everywhere ? 'localhost' : hostInUrl(host)}:${port}/`;
}

/** A line for a run that others can reach, whose console signs for whoever asks; empty for any other run. */
export function networkWarning({ host, signer }: Pick<Announcement, 'host' | 'signer'>): string {
  if (isLoopback(host) || !signer) return '';
  return `Warning: with --host ${host} anybody on the network can have the console sign tokens with this run’s JWT_SECRET.\n`;
}

/** Whether something listens. */
export async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
