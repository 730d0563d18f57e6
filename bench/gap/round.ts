import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { LogoutScope } from '../../lib/auth/logout.ts';
import { issueSession, refreshSession } from '../../lib/login/issue.ts';
import type {
  Check,
  IssuedToken,
  Logout,
  Refresh,
  TokenFamily,
} from '../../support/logout-observations.ts';
import { pick } from '../progress.ts';
import { type Observations, type RoundResult, sumUp } from './result.ts';
import { forget, type Target } from './target.ts';

/** Clients of a user that refresh and log in, beside the one that logs out and an idle one. */
export const CLIENTS = 2;
const TTL_SECONDS = 600;
/** Longer than any function may take, so that a service that hangs ends the bench. */
const ANSWER_WITHIN_MS = 30_000;
/** The logout is sent at a random instant of this time after the others have begun, in milliseconds. */
const LEAD_MS = 20;
/** How often a client logs in anew instead of refreshing. */
const LOG_IN_SHARE = 0.1;
/** How often the session that logs out is being refreshed at the same time. */
const OWN_REFRESH_SHARE = 0.3;
/** A session that is let in for longer than this after its end will never be refused, in milliseconds. */
const REFUSED_WITHIN_MS = 3_000;

/** A device: one log-in, and the token that it has by now. */
interface Device {
  readonly family: TokenFamily;
  newest: IssuedToken;
}

/**
 * One user: a device that logs out, an idle one, and {@link CLIENTS} that refresh and log in as fast as they
 * can; two watchers check their tokens over HTTP all the while. In the end, when all is quiet, every
 * device's token is checked once more.
 *
 * @throws Error when the service or the store fails: then nothing was measured
 */
export async function playRound(target: Target, scope: LogoutScope): Promise<RoundResult> {
  const sub = `bench-gap-${randomUUID()}`;
  try {
    return sumUp(await observe(target, sub, scope));
  } finally {
    await forget(target.store, sub);
  }
}

async function observe(
  { api, store, signer, clockMarginMs }: Target,
  sub: string,
  scope: LogoutScope,
): Promise<Observations> {
  const devices: Device[] = [];
  const checks: Check[] = [];
  const refreshes: Refresh[] = [];
  const query = scope === 'this' ? '' : `?scope=${scope}`;
  let racing = true;
  let sent: Logout | undefined;

  async function logIn(owner: string, nowMs = Date.now()): Promise<Device> {
    const issued = await issueSession(store, signer, { sub, ttlSeconds: TTL_SECONDS }, nowMs);
    const family: TokenFamily = { owner, authTime: issued.session.auth_time };
    const device = { family, newest: newToken(family, issued) };
    devices.push(device);
    return device;
  }

  async function refresh(device: Device): Promise<boolean> {
    const old = device.newest;
    const begun = performance.now();
    old.refreshBegun = begun;
    const issued = await refreshSession(store, signer, old.session, { ttlSeconds: TTL_SECONDS });
    const answered = performance.now();
    refreshes.push({ old, begun, answered, succeeded: issued !== null });
    if (!issued) return false;
    old.refreshed = answered;
    device.newest = newToken(device.family, issued);
    return true;
  }

  async function check(issued: IssuedToken): Promise<Check> {
    const done: Check = { issued, ...(await send('GET', `${api}/me`, issued.token)) };
    checks.push(done);
    return done;
  }

  /** What clients do through their login service, without a pause, until the others are done. */
  async function race(first: Device): Promise<void> {
    let device = first;
    while (racing) {
      const goesOn = Math.random() >= LOG_IN_SHARE && (await refresh(device));
      if (!goesOn) device = await logIn(device.family.owner);
    }
  }

  async function watch(choose: () => IssuedToken): Promise<void> {
    let begun: number;
    do ({ begun } = await check(choose()));
    while (racing && !(sent && begun > sent.answered));
  }

  /** Sends a logout, and notes when its answer was there. */
  async function tryLogout(by: IssuedToken): Promise<Logout | null> {
    const attempt: Logout = {
      ...{ scope, by, clockMarginMs },
      begunDate: Date.now(),
      begun: performance.now(),
      answered: Infinity,
      answeredDate: Infinity,
    };
    sent = attempt;
    const { status, answered } = await send('POST', `${api}/logout${query}`, by.token);
    if (status === 401) {
      sent = undefined; // nothing may have happened
      return null;
    }
    attempt.answeredDate = Date.now();
    attempt.answered = answered;
    return attempt;
  }

  /** A logout that may race with a refresh of its own session; if that wins, with the new token. */
  async function logout(device: Device): Promise<Logout> {
    const refreshed =
      Math.random() < OWN_REFRESH_SHARE
        ? pause(Math.random() * LEAD_MS).then(() => refresh(device))
        : Promise.resolve(false);
    const [first, isNew] = await Promise.all([tryLogout(device.newest), refreshed]);
    const done = first ?? (isNew && scope !== 'this' ? await tryLogout(device.newest) : null);
    if (!done) throw new Error(`A logout with scope ${scope} of a live session was a 401`);
    return done;
  }

  async function checkUntilRefused(choose: () => IssuedToken, since: Logout): Promise<Logout> {
    const giveUp = since.answered + REFUSED_WITHIN_MS;
    while ((await check(choose())).status === 200 && performance.now() < giveUp);
    return since;
  }

  const before = Date.now() - clockMarginMs;
  const own = await logIn('the device that logs out', before);
  const idle = await logIn('an idle device', before);
  const others = await Promise.all(
    Array.from({ length: CLIENTS }, (_, index) => logIn(`client ${index + 1}`, before)),
  );
  const watched = () => (scope === 'this' ? (sent?.by ?? own.newest) : idle.newest);

  const loggedOut = pause(Math.random() * LEAD_MS).then(() => logout(own));
  const watching = Promise.all([
    loggedOut.then((done) => checkUntilRefused(watched, done)),
    watch(watched),
    watch(() => pick(devices).newest),
  ]).finally(() => {
    racing = false;
  });
  const racers = [
    ...others.map(race),
    // Before it is as busy as the others: nothing but the logout can end the token that it has now.
    loggedOut.then(() => check(own.newest)).then(() => race(own)),
  ];
  const [[done]] = await Promise.all([watching, ...racers]);
  await Promise.all([done.by, ...devices.map(({ newest }) => newest)].map(check));
  return { logout: done, checks, refreshes };
}

type Issued = Pick<IssuedToken, 'token' | 'session'>;

function newToken(family: TokenFamily, issued: Issued): IssuedToken {
  const notYet = { refreshBegun: Infinity, refreshed: Infinity };
  return { ...issued, ...notYet, family, issuedAt: performance.now() };
}

/**
 * Sends a request over a kept-alive connection. Instants are of `performance.now()`: before the first byte was
 * sent, and at the head of the answer.
 *
 * @throws Error for an answer other than 200 and 401: a service that fails shows nothing
 */
async function send(method: string, url: string, token: string): Promise<Omit<Check, 'issued'>> {
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
