import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type SessionStore, StoreError, unlessConditionFails } from '../aws/dynamodb.ts';
import { defined } from '../shared/json.ts';
import { type Deadline, startDeadline } from '../shared/timeouts.ts';
import { isActive, MAX_AUTH_TIME_AHEAD_MS } from './active.ts';
import { endOldest } from './limit.ts';
import type { Row } from './rows.ts';
import { isRecentTime, LAST_EXPIRES_AT, parseMark, type Session } from './session.ts';
import type {
  DescribeClient,
  EndableSession,
  FoundSession,
  SessionMode,
  SessionToken,
} from './session-mode.ts';
import { foundIn, putSession, readSession } from './sessions.ts';

/** The rules by which tokens become sessions. */
export interface Adoption {
  /** Absolute life of a session (SESSION_MAX_AGE), in milliseconds. */
  readonly maxAgeMs: number;
  /** Whether each token is a session, over with the token. */
  readonly tokenIsSession: boolean;
  /** Most sessions of a user (MAX_SESSIONS); undefined: any number. */
  readonly maxSessions?: number | undefined;
}

/**
 * Sessions of an issuer without rows. The first check of a session puts the row. A logout
 * marks the row as ended, and puts an ended row where there is none. No row is ever deleted, as the next
 * check would adopt the ended session again.
 */
export function adoptedSessions(store: SessionStore, adoption: Adoption): SessionMode {
  const sessions: SessionMode = {
    store,
    find: (token, client) => findOrAdopt(sessions, adoption, token, client, Date.now()),
    end: (session) => endAdopted(store, adoption, session, Date.now()),
    deleteRevoked: async () => {},
  };
  return sessions;
}

async function findOrAdopt(
  sessions: SessionMode,
  adoption: Adoption,
  token: SessionToken,
  client: DescribeClient,
  nowMs: number,
): Promise<FoundSession> {
  const { store } = sessions;
  const authTime = authTimeOf(token.claims, nowMs);
  if (authTime === null) return { denial: 'invalid_auth_time' };
  const draft = draftOf(token, authTime, adoption, nowMs);
  // TTL may have deleted the row by now.
  if (draft.expires_at * 1_000 <= nowMs) return { denial: 'session_ended' };
  const read = await readSession(store, draft);
  if (read.row) return foundIn(store, read, nowMs);
  if (!isActive(draft, read.cutoff, nowMs, store)) return { denial: 'session_ended' };
  const lastSeen = store.idleMs === undefined ? undefined : nowMs;
  const session = { ...draft, ...defined({ ...client(), last_seen: lastSeen }) };
  const found: FoundSession = (await putSession(store, session))
    ? { session, cutoff: read.cutoff }
    : foundIn(store, await readSession(store, draft), nowMs);
  // Also after a lost race: a retry of the own put looks the same.
  if (!adoption.maxSessions || found.denial) return found;
  const { ended, goesOn } = await endOldest(sessions, draft, adoption.maxSessions, nowMs);
  return goesOn ? { ...found, ended } : { denial: 'session_ended', ended };
}

/**
 * When the user authenticated, in epoch milliseconds: by the claim `auth_time` (OpenID Connect Core,
 * section 2), else by `iat`, else now.
 *
 * @returns null for a claim that is no time, or more than 5 minutes ahead of the clock
 */
function authTimeOf(claims: SessionToken['claims'], nowMs: number): number | null {
  const { iat = nowMs / 1_000, auth_time: claim = iat } = claims;
  // A NumericDate may have fractions (RFC 7519, section 2).
  const milliseconds = typeof claim === 'number' ? Math.floor(claim * 1_000) : Number.NaN;
  const usable = isRecentTime(milliseconds) && milliseconds <= nowMs + MAX_AUTH_TIME_AHEAD_MS;
  return usable ? milliseconds : null;
}

/** The row of a token's session at adoption, but for the client. */
function draftOf(
  { session: { sub, jti, expires_at }, claims }: SessionToken,
  auth_time: number,
  { maxAgeMs, tokenIsSession }: Adoption,
  nowMs: number,
): Session {
  // `iat` begins the session of a single token, but no session across refreshes.
  const begun = claims.auth_time ?? (tokenIsSession ? claims.iat : undefined);
  const ageLimit = Math.floor(((begun === undefined ? nowMs : auth_time) + maxAgeMs) / 1_000);
  // With a limit by the clock, TTL could delete the row before the token expires.
  const tokenLimit = begun === undefined ? expires_at : Math.min(expires_at, ageLimit);
  return {
    ...{ sub, jti, sid: jti, auth_time },
    expires_at: tokenIsSession ? tokenLimit : ageLimit,
  };
}

/**
 * Ends a session, and the successors given by a login service during a cutover
 * (docs/identity-providers.md).
 */
async function endAdopted(
  store: SessionStore,
  { maxAgeMs, tokenIsSession }: Adoption,
  { sub, jti, expires_at }: EndableSession,
  nowMs: number,
): Promise<boolean> {
  using deadline = startDeadline();
  const until = endedUntil(expires_at, tokenIsSession ? nowMs : nowMs + maxAgeMs);
  let ended = false;
  for (let current: string | undefined = jti; current !== undefined; ) {
    const row = await markEnded(deadline, store, { sub, jti: current, expires_at: until }, nowMs);
    ended ||= row.ended_at === nowMs;
    current = parseMark(row);
  }
  return ended;
}

/**
 * Until when an ended row stays, in epoch seconds: as long as any function could adopt its session again,
 * the one whose clock is behind included, and the session whose `auth_time` is ahead.
 */
function endedUntil(expires_at: number, lastUseMs: number): number {
  const lastUse = Math.max(expires_at, Math.floor(lastUseMs / 1_000));
  return Math.min(lastUse + MAX_AUTH_TIME_AHEAD_MS / 1_000, LAST_EXPIRES_AT);
}

/**
 * Marks a row as ended, or puts an ended row. The row stays at least until `expires_at`, and never less
 * than before.
 *
 * @returns the row as written
 */
async function markEnded(
  deadline: Deadline,
  store: SessionStore,
  { sub, jti, expires_at }: EndableSession,
  nowMs: number,
): Promise<Row> {
  const write = (expiry: string, ConditionExpression?: string) =>
    store.client.send(
      new UpdateCommand({
        TableName: store.table,
        Key: { sub, jti },
        UpdateExpression: `SET ended_at = if_not_exists(ended_at, :now), expires_at = ${expiry},
          sid = if_not_exists(sid, :jti), auth_time = if_not_exists(auth_time, :now)`,
        ...defined({ ConditionExpression }),
        ExpressionAttributeValues: { ':now': nowMs, ':expires': expires_at, ':jti': jti },
        ReturnValues: 'ALL_NEW',
      }),
      deadline,
    );
  const raised = await unlessConditionFails(
    write(':expires', 'attribute_not_exists(expires_at) OR expires_at <= :expires'),
  );
  const { Attributes: row } = raised ?? (await write('if_not_exists(expires_at, :expires)'));
  if (row?.sub !== sub || row.jti !== jti || row.ended_at === undefined)
    throw new StoreError('UpdateItem', store.table, 'the answer does not hold the ended session');
  return row;
}
