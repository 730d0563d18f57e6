import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Session } from '../../lib/sessions/session.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { LOGGED_OUT, UNAUTHORIZED } from './answers.ts';
import { eventV2 } from './events.ts';
import { type Functions, loadFunctions } from './functions.ts';
import { invoke } from './lambda.ts';
import { late } from './late.ts';
import { type CapturedLog, captureLog } from './log.ts';
import { issueTestSession } from './signing.ts';
import { openTestStore, type TestStore } from './store.ts';

/** Deployments of both endpoints to attack: every request to its store and every log line is seen. */
export interface AttackHarness {
  readonly store: TestStore;
  readonly functions: Functions;
  readonly proxy: FaultProxy;
  readonly log: CapturedLog;
  /** A live session that attacks try to end or to enter. */
  readonly target: Session;
  /** What a token of the target claims. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Requires that both endpoints refuse a token with their exact bytes, for this reason, without a store call. */
  expectHarmless(token: string, reason: string): Promise<void>;
  /** Requires that a token enters the target's session: what an attack would achieve if it worked. */
  expectEntry(token: string): Promise<void>;
  /** Requires that the target's session is still alive, and gives everything back. */
  close(): Promise<void>;
}

type Variables = Readonly<Record<string, string>>;

/** Variables of the two modes of sessions. */
const MODES: readonly Variables[] = [{}, { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti' }];

/**
 * Deploys with these variables about tokens, beside the table's.
 *
 * @param modes variables of as many deployments: no token may harm one; the first one is handed out
 */
export async function openAttackHarness(
  variables: Variables,
  modes: readonly Variables[] = MODES.slice(0, 1),
): Promise<AttackHarness> {
  const store = await openTestStore();
  const proxy = await startFaultProxy(store.endpoint);
  const log = captureLog();
  process.env.AWS_ENDPOINT_URL_DYNAMODB = proxy.endpoint;
  const deployments: Functions[] = [];
  for (const mode of modes) {
    const loaded = await loadFunctions({ SESSIONS_TABLE: store.table, ...variables, ...mode });
    // The first request reads the variables.
    await invoke(loaded.me, eventV2({ token: 'garbage' }));
    await invoke(loaded.logout, eventV2({ token: 'garbage' }));
    deployments.push(loaded);
  }
  const [functions] = deployments;
  if (!functions) throw new Error('There is no deployment');
  const { session: target } = await issueTestSession(store, { sub: 'target' });
  const { sub, jti, expires_at: exp } = target;

  const answers = async (token: string, { me, logout }: Functions) => {
    await proxy.clear();
    log.clear();
    const event = eventV2({ token });
    return { me: await invoke(me, event), logout: await invoke(logout, event) };
  };

  return {
    store,
    functions,
    proxy,
    log,
    target,
    claims: { sub, jti, exp, iat: Math.floor(target.auth_time / 1_000) },
    expectHarmless: async (token, reason) => {
      for (const deployment of deployments) {
        expect(await answers(token, deployment)).toEqual({ me: UNAUTHORIZED, logout: LOGGED_OUT });
        expect(proxy.requests()).toEqual([]);
        expect(log.outcomes()).toEqual([
          expect.objectContaining({ message: 'check.refused', reason }),
          expect.objectContaining({ message: 'logout.refused', reason }),
        ]);
      }
    },
    expectEntry: async (token) => {
      const response = await invoke(functions.me, eventV2({ token }));
      expect(response).toMatchObject({ statusCode: 200 });
      expect(JSON.parse(response.body).sub).toBe(sub);
    },
    close: async () => {
      log.stop();
      const left = await findSession(store, target);
      await proxy.close();
      await store.close();
      expect(left).toEqual(target);
    },
  };
}

/** Registers a deployment of each mode for all tests of a file, and forgets its requests before each test. */
export function useAttackHarness(variables: Variables): AttackHarness {
  let harness: AttackHarness;
  beforeAll(async () => {
    harness = await openAttackHarness(variables, MODES);
  });
  beforeEach(() => harness.proxy.clear());
  afterAll(() => harness.close());
  return late(() => harness);
}
