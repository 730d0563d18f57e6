import { randomUUID } from 'node:crypto';
import { issueSession, newSession, refreshSession, signSession } from '../../lib/login/issue.ts';
import type { Entry, Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { HttpAnswer, Stack } from './stack.ts';

/** What a user does, and out of 100 times how often. */
const ACTIONS = {
  create: 18,
  me: 32,
  refresh: 12,
  this: 14,
  others: 5,
  everywhere: 5,
  garbage: 14,
} as const;
export type Action = keyof typeof ACTIONS;

/** What came of an action: a status, `none` where no answer came, or how a login service fared. */
export type Result = number | 'none' | 'done' | 'lost' | 'failed';

/** A run's state, shared by all users. */
export interface Run {
  readonly stack: Stack;
  readonly ledger: Ledger;
  readonly random: Random;
  /** Notes an answer that the contract forbids, at once. */
  violation(text: string): void;
}

const TTL_SECONDS = 86_400;
const LOGGED_OUT = '{"message":"Successfully logged out"}';
const UNAUTHORIZED = '{"detail":"Could not validate credentials"}';
const PAYLOAD_KEYS = 'detail,error,error_id,error_type,method,path,trace';

/**
 * One user, who does one thing after the other, so that every answer has one meaning; users do so beside
 * one another. (bench:gap is the one that races the requests of one user.)
 */
export class User {
  readonly #run: Run;
  readonly #sub = randomUUID();
  /** The latest sessions, alive or not. */
  #sessions: string[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  /** Does one thing by chance. */
  async act(): Promise<{ readonly action: Action; readonly result: Result }> {
    const action = this.#sessions.length === 0 ? 'create' : this.#choose();
    if (action === 'create') return { action, result: await this.#create() };
    if (action === 'garbage') return { action, result: await this.#garbage() };
    const entry = this.#run.ledger.get(this.#run.random.pick(this.#sessions));
    if (action === 'refresh') return { action, result: await this.#refresh(entry) };
    if (action === 'me') return { action, result: await this.#me(entry) };
    if (action === 'this') return { action, result: await this.#logout(entry) };
    return { action, result: await this.#revokeMany(entry, action) };
  }

  #choose(): Action {
    let left = this.#run.random.below(100);
    for (const [action, share] of Object.entries(ACTIONS) as [Action, number][]) {
      if (left < share) return action;
      left -= share;
    }
    throw new RangeError('The shares of the actions do not make 100');
  }

  #add(entry: Entry): void {
    this.#run.ledger.add(entry);
    // Mostly the newest, or before long nearly all would be dead.
    this.#sessions = [...this.#sessions.slice(-4), entry.session.jti];
  }

  /** By a login service, whose own wire to the store is sound: there is no doubt about the beginning. */
  async #create(): Promise<Result> {
    const { direct, signer } = this.#run.stack;
    const begun = await issueSession(direct, signer, { sub: this.#sub, ttlSeconds: TTL_SECONDS });
    this.#add({ ...begun, state: 'alive', because: 'begun' });
    return 'done';
  }

  /** By a login service over the wire that fails. */
  async #refresh({ session: old, state }: Entry): Promise<Result> {
    const { ledger, stack, violation } = this.#run;
    const request = { jti: randomUUID(), ttlSeconds: TTL_SECONDS };
    const refreshed = await refreshSession(stack.wired, stack.signer, old, request).catch(
      (error: Error) => error,
    );
    if (refreshed instanceof Error) {
      // Nobody has been given a token for the new one; its row may be there all the same.
      const { jti, expires_at } = newSession({ ...request, sub: old.sub }, Date.now());
      const session = { ...old, jti, expires_at };
      const token = await signSession(stack.signer, session);
      ledger.note(old.jti, 'unknown', `refresh failed: ${refreshed.name}`);
      if (state !== 'dead')
        this.#add({ session, token, state: 'unknown', because: 'refresh failed' });
      return 'failed';
    }
    ledger.note(old.jti, 'dead', refreshed ? 'refreshed' : 'refresh found it ended');
    if (!refreshed) return 'lost';
    if (state === 'dead') violation(`session ${old.jti} was dead, and was refreshed`);
    this.#add({ ...refreshed, state: 'alive', because: 'refreshed' });
    return 'done';
  }

  async #me({ session: { jti }, token, state, because }: Entry): Promise<Result> {
    const { stack, ledger, violation } = this.#run;
    const answer = await stack.ask('me', token);
    this.#checkForm('me', answer);
    if (answer?.status === 200 && state === 'dead')
      violation(`me let session ${jti} in, dead (${because})`);
    if (answer?.status === 401 && state === 'alive')
      violation(`me refused session ${jti}, alive (${because})`);
    // An answer of 200 says nothing for long: the logout that is in doubt may still be on its way.
    if (answer?.status === 401) ledger.note(jti, 'dead', 'me answered 401');
    return answer?.status ?? 'none';
  }

  async #logout({ session: { jti }, token }: Entry): Promise<Result> {
    const answer = await this.#run.stack.ask('logout', token);
    this.#checkForm('this', answer);
    if (answer?.status === 200) this.#run.ledger.note(jti, 'dead', 'logout answered 200');
    else this.#run.ledger.note(jti, 'unknown', `logout answered ${answer?.status ?? 'nothing'}`);
    return answer?.status ?? 'none';
  }

  async #revokeMany(caller: Entry, scope: 'others' | 'everywhere'): Promise<Result> {
    const { stack, ledger, violation } = this.#run;
    const { session, state, token, because } = caller;
    const answer = await stack.ask('logout', token, `?scope=${scope}`);
    this.#checkForm(scope, answer);
    if (answer?.status === 200 && state === 'dead')
      violation(`logout of ${scope} took session ${session.jti}, dead (${because})`);
    if (answer?.status === 401) {
      if (state === 'alive')
        violation(`logout of ${scope} refused session ${session.jti}, alive (${because})`);
      ledger.note(session.jti, 'dead', `logout of ${scope} answered 401`);
      return 401;
    }
    const said = answer?.status === 200 ? 'dead' : 'unknown';
    for (const entry of ledger.ofUser(this.#sub))
      if (scope === 'everywhere' || entry.session.sid !== session.sid)
        ledger.note(
          entry.session.jti,
          said,
          `logout of ${scope} answered ${answer?.status ?? 'nothing'}`,
        );
    return answer?.status ?? 'none';
  }

  /** What nobody signed is answered as ever, whatever the store is up to. */
  async #garbage(): Promise<Result> {
    const { random, stack, ledger, violation } = this.#run;
    const { token } = ledger.get(random.pick(this.#sessions));
    const fn = random.pick(['logout', 'me'] as const);
    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(32, 1).toString('base64url')}`;
    const answer = await stack.ask(fn, random.pick(['garbage', forged, `${token}x`]));
    const right = fn === 'logout' ? 200 : 401;
    if (answer && answer.status !== right)
      violation(`${fn} answered ${answer.status} to a token that nobody signed`);
    this.#checkForm(fn === 'me' ? 'me' : 'this', answer);
    return answer?.status ?? 'none';
  }

  #checkForm(what: 'me' | 'this' | 'others' | 'everywhere', answer: HttpAnswer): void {
    if (answer && !isInForm(what, answer, this.#sub))
      this.#run.violation(`${what} answered ${answer.status} ${answer.body.slice(0, 200)}`);
  }
}

/** Whether the body is the contract's for this status. */
function isInForm(
  what: 'me' | 'this' | 'others' | 'everywhere',
  { status, body }: NonNullable<HttpAnswer>,
  sub: string,
): boolean {
  if (status === 500) return Object.keys(JSON.parse(body)).sort().join() === PAYLOAD_KEYS;
  if (status === 401) return what !== 'this' && body === UNAUTHORIZED;
  if (status !== 200) return false;
  return what === 'me' ? JSON.parse(body).sub === sub : body === LOGGED_OUT;
}
