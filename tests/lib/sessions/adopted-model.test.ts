import { expect, jest, test } from '@jest/globals';
import { readConfiguration } from '../../../lib/auth/config.ts';
import { createIssuer } from '../../../lib/auth/services.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { readCutoff, revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { findCurrent } from '../../../lib/sessions/sessions.ts';
import { verifyToken } from '../../../lib/tokens/verify.ts';
import {
  type AdoptedImplementation,
  expectAdoptedModel,
  MODEL_MAX_AGE,
  type ProviderToken,
} from '../../support/adopted-model.ts';
import { FAR_NOW_MS as NOW_MS, useFrozenDate } from '../../support/clock.ts';
import { deleteExpired } from '../../support/session-rows.ts';
import { signRaw, TEST_SECRET } from '../../support/signing.ts';
import { useTestStore } from '../../support/store.ts';

jest.setTimeout(240_000);

const store = useTestStore();
useFrozenDate(NOW_MS);

/** The verifier and adopted sessions, as the endpoints call them. */
function adopted(
  sessionClaim: string,
  claimsOf: (token: ProviderToken) => object,
): AdoptedImplementation {
  const [configuration] = readConfiguration({
    ...{ SESSIONS_TABLE: store.table, JWT_SECRET: TEST_SECRET, SESSIONS: 'adopted' },
    ...{ JWT_SESSION_CLAIM: sessionClaim, SESSION_MAX_AGE: `${MODEL_MAX_AGE}` },
  }).issuers;
  if (!configuration) throw new Error('There is no issuer');
  const issuer = createIssuer(configuration, store);

  const verified = async (token: ProviderToken, nowMs: number) => {
    jest.setSystemTime(nowMs);
    const { sub, exp } = token;
    const verification = await verifyToken(
      signRaw({ alg: 'HS256' }, { sub, exp, ...claimsOf(token) }),
      [issuer],
    );
    if (verification.status === 'refused') throw new Error(verification.reason);
    return verification;
  };
  const find = async (token: ProviderToken, nowMs: number) => {
    const verification = await verified(token, nowMs);
    if (verification.status !== 'verified') return undefined;
    const found = await issuer.sessions.find(verification, {});
    return found.session && found;
  };
  return {
    async check(token, nowMs) {
      const session = (await find(token, nowMs))?.session;
      const { sessions } = await listSessions(store, token.sub, { limit: 100 }, nowMs);
      // The list and the check have one opinion, of a token that is not expired itself.
      const listed = sessions.find(({ jti }) => jti === token.sid);
      if (session) expect(listed).toEqual(session);
      return session !== undefined;
    },
    async logOut(token, nowMs) {
      const { session, sessions } = await verified(token, nowMs);
      await sessions.end(session);
    },
    async endMany(token, scope, nowMs) {
      const found = await find(token, nowMs);
      return found !== undefined && (await revokeMany(store, found, scope, nowMs)) !== null;
    },
    async endOne({ sub, sid }, nowMs) {
      jest.setSystemTime(nowMs);
      const session = await findCurrent(store, { sub, jti: sid }, nowMs);
      return session !== null && (await issuer.sessions.end(session));
    },
    async endAll(sub, nowMs) {
      await revokeAll(store, sub, nowMs);
    },
    async cutoff(sub) {
      return (await readCutoff(store, sub))?.revoked_before ?? 0;
    },
    async deleteExpired(sub, nowMs) {
      await deleteExpired(store, sub, nowMs);
    },
  };
}

test.each<[string, (token: ProviderToken) => object, boolean]>([
  ['sid', ({ sid, begun, exp }) => ({ sid, auth_time: begun, iat: exp - 1 }), false],
  ['jti', ({ sid, begun }) => ({ jti: sid, iat: begun }), true],
])(
  'sessions by %s keep the promise of the model, whatever TTL deletes and whatever clocks say',
  async (sessionClaim, claimsOf, tokenIsSession) => {
    const implementation = adopted(sessionClaim, claimsOf);
    await expectAdoptedModel(implementation, { startMs: NOW_MS, numRuns: 60, tokenIsSession });
  },
);
