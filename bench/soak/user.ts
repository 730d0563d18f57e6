import { randomUUID } from 'node:crypto';
import { issueSession, newSession, refreshSession, signSession } from '../../lib/login/issue.ts';
import type { Expectation, Expectations, State } from '../../support/expectations.ts';
import type { Random } from './fault-schedule.ts';
import type { HttpAnswer, SoakFunction, Stack } from './stack.ts';

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

/** The result of an action: a status, `none` without an answer, or what the login service's call gave. */
export type Result = number | 'none' | 'done' | 'lost' | 'failed';

/** A run's state, shared by all users. */
export interface Run {
  readonly stack: Stack;
  readonly expectations: Expectations;
  readonly random: Random;
  /** Notes an answer that the contract forbids. */
  violation(text: string): void;
}

const TTL_SECONDS = 86_400;
const LOGGED_OUT = '{"message":"Successfully logged out"}';
const UNAUTHORIZED = '{"detail":"Could not validate credentials"}';
const PAYLOAD_KEYS = 'detail,error,error_id,error_type,method,path,trace';

/**
 * One user, who does one thing after the other, so that every answer has one meaning; many users do so at the
 * same time. (bench:gap races the requests of one user.)
 */
export class User {
  readonly #run: Run;
  readonly #sub = randomUUID();
  readonly #sessions: string[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  /** Does one random thing. */
  async act(): Promise<{ readonly action: Action; readonly result: Result }> {
    const action = this.#sessions.length === 0 ? 'create' : this.#choose();
    return { action, result: await this.#perform(action) };
  }

  #choose(): Action {
    let left = this.#run.random.below(100);
    for (const [action, share] of Object.entries(ACTIONS) as [Action, number][]) {
      if (left < share) return action;
      left -= share;
    }
    throw new RangeError('The shares of the actions do not make 100');
  }

  async #perform(action: Action): Promise<Result> {
    if (action === 'create') return this.#create();
    // Mostly the newest, or before long nearly all would be dead.
    const jti = this.#run.random.pick(this.#sessions.slice(-5));
    const expectation = this.#run.expectations.of(jti);
    if (action === 'garbage') return this.#garbage(expectation);
    if (action === 'refresh') return this.#refresh(expectation);
    if (action === 'me') return this.#me(expectation);
    if (action === 'this') return this.#logout(expectation);
    return this.#logoutMany(expectation, action);
  }

  #add(expectation: Expectation): void {
    this.#run.expectations.add(expectation);
    this.#sessions.push(expectation.session.jti);
  }

  /** By a login service with a sound connection to the store: no doubt about the beginning. */
  async #create(): Promise<Result> {
    const { direct, signer } = this.#run.stack;
    const begun = await issueSession(direct, signer, { sub: this.#sub, ttlSeconds: TTL_SECONDS });
    this.#add({ ...begun, state: 'alive', because: 'begun' });
    return 'done';
  }

  /** By a login service behind the proxy. */
  async #refresh({ session: old, state }: Expectation): Promise<Result> {
    const { expectations, stack, violation } = this.#run;
    const request = { jti: randomUUID(), ttlSeconds: TTL_SECONDS };
    const refreshed = await refreshSession(stack.proxied, stack.signer, old, request).catch(
      (error: Error) => error,
    );
    if (refreshed instanceof Error) {
      // Nobody has a token for the new session; its row may be there all the same.
      const { jti, expires_at } = newSession({ ...request, sub: old.sub }, Date.now());
      const session = { ...old, jti, expires_at };
      const token = await signSession(stack.signer, session);
      expectations.note(old.jti, 'unknown', `refresh failed: ${refreshed.name}`);
      if (state !== 'dead')
        this.#add({ session, token, state: 'unknown', because: 'refresh failed' });
      return 'failed';
    }
    expectations.note(old.jti, 'dead', refreshed ? 'refreshed' : 'refresh found it ended');
    if (!refreshed) return 'lost';
    if (state === 'dead') violation(`session ${old.jti} was dead, and was refreshed`);
    this.#add({ ...refreshed, state: 'alive', because: 'refreshed' });
    return 'done';
  }

  async #me(expectation: Expectation): Promise<Result> {
    const result = await this.#ask('me', expectation.token);
    this.#judge('me', expectation, result);
    return result;
  }

  async #logout({ session, token }: Expectation): Promise<Result> {
    const result = await this.#ask('logout', token);
    this.#note(session.jti, result === 200 ? 'dead' : 'unknown', `logout answered ${result}`);
    return result;
  }

  async #logoutMany(caller: Expectation, scope: 'others' | 'everywhere'): Promise<Result> {
    const { token, session } = caller;
    const result = await this.#ask('logout', token, `?scope=${scope}`);
    this.#judge(`logout of ${scope}`, caller, result);
    if (result === 401) return result;
    for (const jti of this.#sessions)
      if (scope === 'everywhere' || this.#run.expectations.of(jti).session.sid !== session.sid)
        this.#note(
          jti,
          result === 200 ? 'dead' : 'unknown',
          `logout of ${scope} answered ${result}`,
        );
    return result;
  }

  /** A token that nobody signed is answered as ever, whatever the store's state. */
  async #garbage({ token }: Expectation): Promise<Result> {
    const { random, violation } = this.#run;
    const fn = random.pick(['logout', 'me'] as const);
    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(32, 1).toString('base64url')}`;
    const result = await this.#ask(fn, random.pick(['garbage', forged, `${token}x`]));
    if (result !== 'none' && result !== (fn === 'logout' ? 200 : 401))
      violation(`${fn} answered ${result} to a token that nobody signed`);
    return result;
  }

  #note(jti: string, state: State, because: string): void {
    this.#run.expectations.note(jti, state, because);
  }

  /**
   * Holds the answer to a request that needs a live session to the session's state. A 200 says nothing for
   * long: a logout in doubt may still be on its way.
   */
  #judge(what: string, { session: { jti }, state, because }: Expectation, result: Result): void {
    if (result === 200 && state === 'dead')
      this.#run.violation(`${what} let session ${jti} in, dead (${because})`);
    if (result !== 401) return;
    if (state === 'alive')
      this.#run.violation(`${what} refused session ${jti}, alive (${because})`);
    this.#note(jti, 'dead', `${what} answered 401`);
  }

  async #ask(fn: SoakFunction, token: string, query = ''): Promise<number | 'none'> {
    const answer = await this.#run.stack.ask(fn, token, query);
    if (answer && !this.#isInForm(fn, query, answer))
      this.#run.violation(`${fn}${query} answered ${answer.status} ${answer.body.slice(0, 200)}`);
    return answer?.status ?? 'none';
  }

  /** Whether the body is the contract's for this status. */
  #isInForm(fn: SoakFunction, query: string, { status, body }: NonNullable<HttpAnswer>): boolean {
    if (status === 500) return Object.keys(JSON.parse(body)).sort().join() === PAYLOAD_KEYS;
    if (status === 401) return (fn === 'me' || query !== '') && body === UNAUTHORIZED;
    if (status !== 200) return false;
    return fn === 'me' ? JSON.parse(body).sub === this.#sub : body === LOGGED_OUT;
  }
}
