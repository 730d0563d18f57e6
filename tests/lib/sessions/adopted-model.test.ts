import { expect, jest, test } from '@jest/globals';
import { readConfiguration } from '../../../lib/auth/config.ts';
import { createIssuer } from '../../../lib/auth/services.ts';
import { endAdopted } from '../../../lib/federation/end-sessions.ts';
import { listSessions } from '../../../lib/sessions/list.ts';
import { readCutoff, revokeAll, revokeMany } from '../../../lib/sessions/revoke-many.ts';
import { findCurrent, readSession } from '../../../lib/sessions/sessions.ts';
import { verifyToken } from '../../../lib/tokens/verify.ts';
import {
  type AdoptedImplementation,
  expectAdoptedModel,
  MODEL_IDLE,
  MODEL_MAX_AGE,
  MODEL_MAX_SESSIONS,
  type ProviderToken,
} from '../../support/adopted-model.ts';
import { FAR_NOW_MS as NOW_MS, useFrozenDate } from '../../support/clock.ts';
import { deleteExpired } from '../../support/session-rows.ts';
import { signRaw, TEST_SECRET } from '../../support/signing.ts';
import { useTestStore } from '../../support/store.ts';

jest.setTimeout(240_000);

const table = useTestStore();
useFrozenDate(NOW_MS);

/** The verifier and adopted sessions, as the endpoints call them. */
function adopted(
  variables: Readonly<Record<string, string>>,
  claimsOf: (token: ProviderToken) => object,
): AdoptedImplementation {
  const { issuers, idleMs } = readConfiguration({
    ...{ SESSIONS_TABLE: table.table, JWT_SECRET: TEST_SECRET, SESSIONS: 'adopted' },
    ...{ SESSION_MAX_AGE: `${MODEL_MAX_AGE}`, ...variables },
  });
  const [configuration] = issuers;
  if (!configuration) throw new Error('There is no issuer');
  const store = { ...table, idleMs };
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
    const found = await issuer.sessions.find(verification, () => ({}));
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
    async lastSeen({ sub, sid: jti }) {
      return (await readSession(store, { sub, jti })).row?.last_seen;
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
    async endByProvider(sub, sid, jti, nowMs) {
      jest.setSystemTime(nowMs);
      const namesSessions = configuration.sessionClaim === 'sid';
      await endAdopted(issuer.sessions, namesSessions)({ sub, sid, jti });
    },
    async cutoff(sub) {
      return (await readCutoff(store, sub))?.revoked_before ?? 0;
    },
    async deleteExpired(sub, nowMs) {
      await deleteExpired(store, sub, nowMs);
    },
  };
}

const BY_SID = ({ sid, begun, exp }: ProviderToken) => ({ sid, auth_time: begun, iat: exp - 1 });
const BY_JTI = ({ sid, begun }: ProviderToken) => ({ jti: sid, iat: begun });

test.each([
  ['sid', BY_SID, {}],
  ['jti', BY_JTI, {}],
  ['sid', BY_SID, { IDLE_TIMEOUT: `${MODEL_IDLE}`, MAX_SESSIONS: `${MODEL_MAX_SESSIONS}` }],
  ['jti', BY_JTI, { IDLE_TIMEOUT: `${MODEL_IDLE}` }],
])(
  'sessions by %s keep the promise of the model, whatever TTL deletes and whatever clocks say',
  async (claim, claimsOf, ageing) => {
    const implementation = adopted({ JWT_SESSION_CLAIM: claim, ...ageing }, claimsOf);
    const options = { tokenIsSession: claim === 'jti', isAgeing: 'IDLE_TIMEOUT' in ageing };
    await expectAdoptedModel(implementation, { startMs: NOW_MS, numRuns: 40, ...options });
  },
);
