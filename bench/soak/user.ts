import { randomUUID } from 'node:crypto';
import { issueSession, newSession, refreshSession, signSession } from '../../lib/login/issue.ts';
import type { Session } from '../../lib/sessions/session.ts';
import type { Expectation, Expectations, State } from '../../support/expectations.ts';
import { pick } from '../progress.ts';
import type { HttpAnswer, SoakFunction, Stack } from './stack.ts';

/** What a user does, and out of 100 times how often. */
export const ACTIONS = {
  create: 18,
  me: 32,
  refresh: 12,
  this: 14,
  others: 5,
  everywhere: 5,
  garbage: 14,
} as const;
type Action = keyof typeof ACTIONS;
const DECK = (Object.keys(ACTIONS) as Action[]).flatMap((action) =>
  Array.from({ length: ACTIONS[action] }, () => action),
);

/** Results of an action: a status, or none without an answer; or the result of the login service's call. */
export const RESULTS = [200, 401, 500, 'no answer', 'done', 'reused', 'lost', 'failed'] as const;
type Result = number | (typeof RESULTS)[number];

/** A session that a refresh has put in the place of another. */
interface Successor {
  readonly jti: string;
  /** False after a refresh that failed: the mark on the old row may be missing. */
  readonly isMarked: boolean;
}

/** A run's state, shared by all users. */
interface Run {
  readonly stack: Stack;
  readonly expectations: Expectations;
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
  readonly #successors = new Map<string, Successor[]>();

  constructor(run: Run) {
    this.#run = run;
  }

  /** Does one random thing. */
  async act(): Promise<{ readonly action: Action; readonly result: Result }> {
    const action = this.#sessions.length === 0 ? 'create' : pick(DECK);
    return { action, result: await this.#perform(action) };
  }

  async #perform(action: Action): Promise<Result> {
    if (action === 'create') return this.#create();
    // Mostly the newest, or before long nearly all would be dead.
    const jti = pick(this.#sessions.slice(-5));
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
    const { stack, violation } = this.#run;
    const request = { jti: randomUUID(), ttlSeconds: TTL_SECONDS };
    const refreshed = await refreshSession(stack.proxied, stack.signer, old, request).catch(
      (error: Error) => error,
    );
    if (refreshed instanceof Error) {
      if (state !== 'dead') await this.#addUnfinished(old, request, refreshed);
      return 'failed';
    }
    if (!refreshed) {
      if (state === 'alive') violation(`session ${old.jti} was alive, and was not refreshed`);
      this.#note(old.jti, 'dead', 'refresh found it ended');
      return 'lost';
    }
    this.#note(old.jti, 'dead', 'refreshed');
    const { jti } = refreshed.session;
    if (jti !== request.jti) {
      // Within the reuse interval: the token's first successor once more.
      const isKnown = this.#successors.get(old.jti)?.some((successor) => successor.jti === jti);
      if (!isKnown || this.#run.expectations.of(jti).state === 'dead')
        violation(`session ${old.jti} was refreshed to ${jti}, which is dead or none of its own`);
      this.#addSuccessor(old.jti, { jti, isMarked: true });
      return 'reused';
    }
    if (state === 'dead') violation(`session ${old.jti} was dead, and was refreshed`);
    this.#add({ ...refreshed, state: 'alive', because: 'refreshed' });
    this.#addSuccessor(old.jti, { jti, isMarked: true });
    return 'done';
  }

  /** Nobody has a token for the successor of a refresh that failed; its row may be there all the same. */
  async #addUnfinished(
    old: Session,
    request: { readonly jti: string; readonly ttlSeconds: number },
    error: Error,
  ): Promise<void> {
    const because = `refresh failed: ${error.name}`;
    const { jti, expires_at } = newSession({ ...request, sub: old.sub }, Date.now());
    const session = { ...old, jti, expires_at };
    const token = await signSession(this.#run.stack.signer, session);
    this.#note(old.jti, 'unknown', because);
    this.#add({ session, token, state: 'unknown', because });
    this.#addSuccessor(old.jti, { jti, isMarked: false });
  }

  async #me(expectation: Expectation): Promise<Result> {
    const result = await this.#ask('me', expectation.token);
    this.#judge('me', expectation, result);
    return result;
  }

  async #logout({ session, token }: Expectation): Promise<Result> {
    const result = await this.#ask('logout', token);
    const state = result === 200 ? 'dead' : 'unknown';
    this.#noteWithSuccessors(session.jti, state, `logout answered ${result}`);
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
    const fn = pick(['logout', 'me'] as const);
    const [header, payload] = token.split('.');
    const forged = `${header}.${payload}.${Buffer.alloc(32, 1).toString('base64url')}`;
    const result = await this.#ask(fn, pick(['garbage', forged, `${token}x`]));
    if (result !== 'no answer' && result !== (fn === 'logout' ? 200 : 401))
      this.#run.violation(`${fn} answered ${result} to a token that nobody signed`);
    return result;
  }

  /** A logout under a token that was refreshed ends the refreshed one as well. */
  #noteWithSuccessors(jti: string, state: State, because: string): void {
    this.#note(jti, state, because);
    for (const successor of this.#successors.get(jti) ?? [])
      this.#noteWithSuccessors(
        successor.jti,
        successor.isMarked ? state : 'unknown',
        `${because}, of session ${jti}`,
      );
  }

  #addSuccessor(jti: string, successor: Successor): void {
    this.#successors.set(jti, [...(this.#successors.get(jti) ?? []), successor]);
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

  async #ask(fn: SoakFunction, token: string, query = ''): Promise<number | 'no answer'> {
    const answer = await this.#run.stack.ask(fn, token, query);
    if (answer && !this.#isInForm(fn, query, answer))
      this.#run.violation(`${fn}${query} answered ${answer.status} ${answer.body.slice(0, 200)}`);
    return answer?.status ?? 'no answer';
  }

  /** Whether the body is the contract's for this status. */
  #isInForm(fn: SoakFunction, query: string, { status, body }: NonNullable<HttpAnswer>): boolean {
    if (status === 500) return Object.keys(JSON.parse(body)).sort().join() === PAYLOAD_KEYS;
    if (status === 401) return (fn === 'me' || query !== '') && body === UNAUTHORIZED;
    if (status !== 200) return false;
    return fn === 'me' ? JSON.parse(body).sub === this.#sub : body === LOGGED_OUT;
  }
}
