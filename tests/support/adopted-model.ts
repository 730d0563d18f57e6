import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import fc from 'fast-check';

/** A token of an identity provider. Times are epoch seconds. */
export interface ProviderToken {
  readonly sub: string;
  /** Names the session. */
  readonly sid: string;
  /** When the session began by the provider's clock: of a token that is its own session, its `iat`. */
  readonly begun: number;
  readonly exp: number;
}

/** Adopted sessions under test, as a function with a clock of its own has them. Times are epoch milliseconds. */
export interface AdoptedImplementation {
  check(token: ProviderToken, nowMs: number): Promise<boolean>;
  /** The written last use of an active session. */
  lastSeen(token: ProviderToken): Promise<number | undefined>;
  logOut(token: ProviderToken, nowMs: number): Promise<void>;
  /** @returns null where the caller's session is over */
  endMany(token: ProviderToken, scope: 'others' | 'everywhere', nowMs: number): Promise<boolean>;
  /** @returns whether an active session was ended */
  endOne(held: Pick<ProviderToken, 'sub' | 'sid'>, nowMs: number): Promise<boolean>;
  endAll(sub: string, nowMs: number): Promise<void>;
  /** A logout token of the provider; without `sid` for all sessions of the user. */
  endByProvider(sub: string, sid: string | undefined, jti: string, nowMs: number): Promise<void>;
  /** @returns `revoked_before` of the user's cutoff */
  cutoff(sub: string): Promise<number>;
  /** Deletes expired rows, as TTL does some time by the store's clock. */
  deleteExpired(sub: string, nowMs: number): Promise<void>;
}

/** Largest difference of a clock to the store's, in milliseconds: three of them are within 5 minutes. */
const CLOCK_MS = 100_000;
/** SESSION_MAX_AGE of the model, and the clock tolerance of `exp`, in seconds. */
export const MODEL_MAX_AGE = 600;
/** IDLE_TIMEOUT and MAX_SESSIONS of the model with ageing sessions; the former in seconds. */
export const MODEL_IDLE = 400;
export const MODEL_MAX_SESSIONS = 1;
const TOLERANCE = 5;

interface ModelOptions {
  readonly tokenIsSession: boolean;
  /** Sessions have an idle time-out; where they go on across refreshes, a user has a limit of them. */
  readonly isAgeing: boolean;
}

/** The promise in few lines: who is in. A session that was ended is over for ever, whatever TTL deletes. */
class Model {
  readonly tokens: ProviderToken[] = [];
  readonly ended = new Set<string>();
  /** Sessions whose rows are there, and until when they live, in epoch seconds. */
  readonly rows = new Map<string, number>();
  /** Last use of these sessions that was written, in epoch milliseconds. */
  readonly seen = new Map<string, number>();
  cutoffMs = Number.NEGATIVE_INFINITY;
  spared: string | undefined;
  /** The last logout token for all sessions, which ends nothing when it comes again. */
  logoutJti: string | undefined;
  readonly tokenIsSession: boolean;
  readonly #idleMs: number;
  readonly #maxSessions: number;

  constructor({ tokenIsSession, isAgeing }: ModelOptions) {
    this.tokenIsSession = tokenIsSession;
    this.#idleMs = isAgeing ? MODEL_IDLE * 1_000 : Number.POSITIVE_INFINITY;
    this.#maxSessions = isAgeing && !tokenIsSession ? MODEL_MAX_SESSIONS : Number.POSITIVE_INFINITY;
  }
  isIdle(sid: string, nowMs: number): boolean {
    return nowMs - (this.seen.get(sid) ?? nowMs) > this.#idleMs;
  }
  /** Whether a session that a check has adopted is over. */
  isRowActive(token: ProviderToken, nowMs: number): boolean {
    const until = this.rows.get(token.sid) ?? 0;
    return (
      until * 1_000 > nowMs &&
      !this.ended.has(token.sid) &&
      !this.isCovered(token) &&
      !this.isIdle(token.sid, nowMs)
    );
  }
  isCovered({ sid, begun }: ProviderToken): boolean {
    return begun * 1_000 <= this.cutoffMs && sid !== this.spared;
  }
  isActive(token: ProviderToken, nowMs: number): boolean {
    return (
      !this.ended.has(token.sid) &&
      !this.isCovered(token) &&
      !this.isIdle(token.sid, nowMs) &&
      token.exp + TOLERANCE > Math.floor(nowMs / 1_000) &&
      (token.begun + MODEL_MAX_AGE) * 1_000 > nowMs
    );
  }
  /** Expects what a check says; adopts, or writes a use. */
  expectCheck(token: ProviderToken, nowMs: number, isIn: boolean) {
    const { sid } = token;
    const active = this.isActive(token, nowMs);
    if (active && !this.rows.has(sid)) this.#adopt(token, nowMs);
    else if (active && nowMs - (this.seen.get(sid) ?? 0) >= this.#idleMs / 10)
      this.seen.set(sid, nowMs);
    expect(isIn).toBe(active && !this.ended.has(sid));
  }
  #adopt(token: ProviderToken, nowMs: number) {
    const age = token.begun + MODEL_MAX_AGE;
    this.rows.set(token.sid, this.tokenIsSession ? Math.min(token.exp + TOLERANCE, age) : age);
    this.seen.set(token.sid, nowMs);
    const active = [...new Map(this.tokens.map((each) => [each.sid, each])).values()]
      .filter((each) => this.isRowActive(each, nowMs))
      .sort((one, other) => other.begun - one.begun || (one.sid < other.sid ? -1 : 1));
    for (const { sid } of active.slice(this.#maxSessions)) this.end(sid);
  }
  end(sid: string) {
    this.ended.add(sid);
    this.deleteRow(sid);
  }
  deleteRow(sid: string) {
    this.rows.delete(sid);
    this.seen.delete(sid);
  }
  deleteExpired(nowMs: number) {
    for (const [sid, until] of this.rows) if (until * 1_000 <= nowMs) this.deleteRow(sid);
  }
  endMany(untilMs: number, spared?: string) {
    for (const token of this.tokens) if (this.isCovered(token)) this.ended.add(token.sid);
    this.cutoffMs = Math.max(untilMs, this.cutoffMs + 1);
    this.spared = spared;
  }
}

interface Run {
  readonly sub: string;
  /** The store's clock. */
  nowMs: number;
}

type Step = fc.AsyncCommand<Model, Run>;

/** Fails where adopted sessions break the model's promise, in a random order of steps. */
export async function expectAdoptedModel(
  implementation: AdoptedImplementation,
  options: ModelOptions & { readonly startMs: number; readonly numRuns: number },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(
      fc.commands(stepsOf(implementation, options), { maxCommands: 40, size: 'max' }),
      async (commands) => {
        const model = new Model(options);
        const run: Run = { sub: randomUUID(), nowMs: options.startMs };
        await fc.asyncModelRun(() => ({ model, real: run }), commands);
        // Twice, as an adoption may end another session; once more when TTL has deleted what it may, by a
        // function whose clock is behind.
        for (const laterMs of [0, 0, MODEL_MAX_AGE * 1_000]) {
          await implementation.deleteExpired(run.sub, run.nowMs + laterMs);
          model.deleteExpired(run.nowMs + laterMs);
          for (const token of model.tokens) {
            const clockMs = run.nowMs + laterMs - CLOCK_MS;
            const exp = model.tokenIsSession ? token.exp : Math.floor(clockMs / 1_000) + 60;
            const isIn = await implementation.check({ ...token, exp }, clockMs);
            model.expectCheck({ ...token, exp }, clockMs, isIn);
          }
        }
      },
    ),
    { numRuns: options.numRuns },
  );
}

function stepsOf(
  sessions: AdoptedImplementation,
  { isAgeing }: ModelOptions,
): fc.Arbitrary<Step>[] {
  const which = fc.nat({ max: 20 });
  const clock = fc.constantFrom(-CLOCK_MS, 0, 0, CLOCK_MS);
  const life = fc.constantFrom(1, 30, 300, 900);
  const step = (label: string, run: Step['run']): Step => ({
    check: () => true,
    run,
    toString: () => label,
  });
  /** A step of a function whose clock is ahead or behind, with one of the tokens so far. */
  const stepOn = (
    label: string,
    run: (model: Model, token: ProviderToken, nowMs: number) => Promise<void>,
  ): fc.Arbitrary<Step> =>
    fc.tuple(which, clock).map(([index, aheadMs]) =>
      step(`${label}(${index}, ${aheadMs} ms ahead)`, async (model, state) => {
        const token = model.tokens[index % Math.max(model.tokens.length, 1)];
        if (token) await run(model, token, state.nowMs + aheadMs);
      }),
    );

  const logIn = fc.tuple(clock, life).map(([aheadMs, seconds]) =>
    step(`logIn(${seconds} s, ${aheadMs} ms ahead)`, async (model, { sub, nowMs }) => {
      const begun = Math.floor((nowMs + aheadMs) / 1_000);
      const token = { sub, sid: randomUUID(), begun, exp: begun + seconds };
      model.tokens.push(token);
    }),
  );
  /** By the provider, which knows nothing of logouts: the same session, or a token of its own. */
  const refresh = stepOn('refresh', async (model, token, nowMs) => {
    const now = Math.floor(nowMs / 1_000);
    const life = { exp: now + 300 };
    const own = { sid: randomUUID(), begun: now };
    const refreshed = { ...token, ...life, ...(model.tokenIsSession ? own : {}) };
    model.tokens.push(refreshed);
  });
  const check = stepOn('check', async (model, token, nowMs) => {
    const isIn = await sessions.check(token, nowMs);
    model.expectCheck(token, nowMs, isIn);
    if (isIn && isAgeing) expect(await sessions.lastSeen(token)).toBe(model.seen.get(token.sid));
  });
  const logOut = stepOn('logOut', async (model, token, nowMs) => {
    await sessions.logOut(token, nowMs);
    model.end(token.sid);
  });
  const endOne = stepOn('endOne', async (model, token, nowMs) => {
    const active = model.isRowActive(token, nowMs);
    expect(await sessions.endOne(token, nowMs)).toBe(active);
    if (active) model.ended.add(token.sid);
  });
  const endMany = (scope: 'others' | 'everywhere') =>
    stepOn(scope, async (model, token, nowMs) => {
      const isIn = await sessions.endMany(token, scope, nowMs);
      model.expectCheck(token, nowMs, isIn);
      if (isIn)
        model.endMany(
          Math.max(nowMs, token.begun * 1_000),
          scope === 'others' ? token.sid : undefined,
        );
    });
  const endAll = stepOn('endAll', async (model, { sub }, nowMs) => {
    await sessions.endAll(sub, nowMs);
    const written = await sessions.cutoff(sub);
    const rows = model.tokens.filter(({ sid }) => model.rows.has(sid));
    const begun = rows.map((token) => token.begun * 1_000);
    expect(written).toBeGreaterThanOrEqual(Math.max(nowMs, model.cutoffMs + 1, ...begun));
    model.endMany(written);
  });
  const endByProvider = fc.tuple(fc.boolean(), fc.nat({ max: 1 })).chain(([isOne, number]) =>
    stepOn(`endByProvider, token ${number}, sid ${isOne}`, async (model, { sub, sid }, nowMs) => {
      const jti = `logout-${number}`;
      await sessions.endByProvider(sub, isOne ? sid : undefined, jti, nowMs);
      if (isOne && !model.tokenIsSession) model.end(sid);
      else if (model.logoutJti !== jti) model.endMany(await sessions.cutoff(sub));
      if (!isOne || model.tokenIsSession) model.logoutJti = jti;
    }),
  );
  const time = fc
    .tuple(fc.constantFrom(0, 1, 999, 5_000, 100_000, 300_000, 600_000, 700_000), fc.boolean())
    .map(([ms, deletes]) =>
      step(`time(${ms} ms${deletes ? ', TTL deletes' : ''})`, async (model, state) => {
        state.nowMs += ms;
        if (!deletes) return;
        await sessions.deleteExpired(state.sub, state.nowMs);
        model.deleteExpired(state.nowMs);
      }),
    );
  return [
    ...[logIn, refresh, check, check, check, logOut, logOut, endOne],
    ...[endMany('others'), endMany('everywhere'), endAll, endByProvider, time, time, time],
  ];
}
