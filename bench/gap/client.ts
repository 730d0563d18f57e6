import type { LogoutScope } from '../../lib/auth/logout.ts';

/** Longer than any function may take, so that a service that hangs ends the bench and not the reverse. */
const ANSWER_WITHIN_MS = 30_000;

/** An answer, and the instants of its request, of `performance.now()`, in milliseconds. */
export interface Answer {
  readonly status: 200 | 401;
  /** Before the first byte was sent. */
  readonly begun: number;
  /** When the head of the answer was here. */
  readonly answered: number;
}

/**
 * Asks a protected endpoint, over a connection that is kept open.
 *
 * @param api for example `http://localhost:3000/api/v1/auth`
 * @throws Error for an answer other than 200 and 401: a service that fails shows nothing
 */
export async function checkToken(api: string, token: string): Promise<Answer> {
  return send('GET', `${api}/me`, token);
}

/**
 * Logs out.
 *
 * @throws Error for an answer other than 200 and 401
 */
export async function sendLogout(api: string, token: string, scope: LogoutScope): Promise<Answer> {
  return send('POST', `${api}/logout${scope === 'this' ? '' : `?scope=${scope}`}`, token);
}

async function send(method: string, url: string, token: string): Promise<Answer> {
  const begun = performance.now();
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  const answered = performance.now();
  const body = await response.text();
  const { status } = response;
  if (status !== 200 && status !== 401)
    throw new Error(`${method} ${url} answered ${status}: ${body.slice(0, 300)}`);
  return { status, begun, answered };
}
