import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { endRegistered } from '../../lib/federation/end-sessions.ts';
import { rotateSession } from '../../lib/login/create-session.ts';
import { beginSession, REUSE_INTERVAL_SECONDS } from '../../lib/login/issue.ts';
import { deleteRevoked } from '../../lib/sessions/delete-revoked.ts';
import { listSessions } from '../../lib/sessions/list.ts';
import { registeredSessions } from '../../lib/sessions/registered.ts';
import { readCutoff, revokeAll, revokeMany } from '../../lib/sessions/revoke-many.ts';
import {
  activeOf,
  endSession,
  findCurrent,
  findSession,
  readSession,
} from '../../lib/sessions/sessions.ts';
import { withIdleTimeout } from '../../lib/sessions/touch.ts';
import { freezeDate } from './clock.ts';
import type { Held, Implementation } from './session-model.ts';
import { deleteExpired } from './session-rows.ts';

/**
 * The project's own functions, on a store, as the endpoints call them. Where the store has an idle time-out, the
 * file's clock has to be frozen.
 */
export function typescriptSessions(store: SessionStore): Implementation {
  const { idleMs } = store;
  const find = async (held: Held, nowMs: number) => {
    if (idleMs === undefined) return findSession(store, held, nowMs);
    freezeDate(nowMs);
    const idle = withIdleTimeout(registeredSessions(store), idleMs);
    const token = { session: { ...held, expires_at: 0 }, claims: {} };
    return (await idle.find(token, () => ({}))).session ?? null;
  };
  return {
    async logIn(sub, ttlSeconds, nowMs, maxSessions) {
      const session = await beginSession(store, { sub, ttlSeconds, maxSessions }, nowMs);
      if (!session) throw new Error('The jti is taken');
      return session.jti;
    },
    async refresh(held, ttlSeconds, nowMs) {
      const expires_at = Math.floor(nowMs / 1_000) + ttlSeconds;
      const rotation = {
        jti: randomUUID(),
        expires_at,
      };
      return (
        (await rotateSession(store, held, rotation, nowMs, REUSE_INTERVAL_SECONDS * 1_000))?.jti ??
        null
      );
    },
    async check(held, nowMs) {
      const found = await find(held, nowMs);
      const { sessions } = await listSessions(store, held.sub, { limit: 100 }, nowMs);
      // The list and the check have one opinion.
      expect(sessions.find(({ jti }) => jti === held.jti) ?? null).toEqual(found);
      return found !== null;
    },
    async lastSeen(held) {
      return (await readSession(store, held)).row?.last_seen;
    },
    async logOut(held) {
      await endSession(store, held);
    },
    async endMany(held, scope, nowMs) {
      const read = await readSession(store, held);
      const session = activeOf(store, read, nowMs);
      const cutoff = session && (await revokeMany(store, { ...read, session }, scope, nowMs));
      if (cutoff) await deleteRevoked(store, held.sub, cutoff);
      return cutoff !== null;
    },
    async endOne(held, nowMs) {
      const session = await findCurrent(store, held, nowMs);
      return session !== null && (await endSession(store, session));
    },
    async endAll(sub, nowMs) {
      await revokeAll(store, sub, nowMs);
    },
    async cutoff(sub) {
      return (await readCutoff(store, sub))?.revoked_before ?? 0;
    },
    async endByProvider(logout, nowMs) {
      freezeDate(nowMs);
      await endRegistered(registeredSessions(store))(logout);
      return (await readCutoff(store, logout.sub))?.logout_jti;
    },
    async deleteExpired(sub, nowMs) {
      await deleteExpired(store, sub, nowMs);
    },
  };
}
