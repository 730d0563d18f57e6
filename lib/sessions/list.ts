import type { SessionStore } from '../aws/dynamodb.ts';
import type { Cursor } from './cursor.ts';
import { type Cutoff, cutoffIn } from './cutoff.ts';
import type { SessionKey } from './key.ts';
import { isSessionRow, queryRows } from './rows.ts';
import { InvalidSessionError, parseSession, type Session } from './session.ts';
import { activeOf } from './sessions.ts';

/** Limits of the sessions on one page. */
export const MAX_LIMIT = 100;
export const DEFAULT_LIMIT = 20;

/** One page of a user's sessions. */
export interface SessionPage {
  readonly sessions: readonly Session[];
  /** Null on the last page. */
  readonly next: Cursor | null;
  /** Rows that violate the schema in docs/login-service.md: all of the user's, on every page. */
  readonly unreadable: { session: SessionKey; attribute: InvalidSessionError['attribute'] }[];
}

/**
 * Lists a user's active sessions, newest first, strongly consistent.
 *
 * The table's order is by `jti`, so each page reads all rows of the user (1 MB per request; 10,000
 * sessions are some 2 MB). An index by time would double the cost of every log-in and logout.
 *
 * @param after end of the page before
 * @param limit sessions per page
 * @returns the page, with the unreadable rows: they open nothing, and hide no other session
 * @throws as {@link readActive}
 */
export async function listSessions(
  store: SessionStore,
  sub: string,
  { limit, after }: { readonly limit: number; readonly after?: Cursor | undefined },
  nowMs: number = Date.now(),
): Promise<SessionPage> {
  const { sessions, unreadable } = await readActive(store, sub, nowMs);
  const rest = sessions
    .filter((session) => after === undefined || compare(after, session) < 0)
    .sort(compare);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { sessions: page, next: last && rest.length > limit ? last : null, unreadable };
}

/**
 * Reads all active sessions of a user, and the unreadable rows, strongly consistent.
 *
 * @throws TypeError for an invalid cutoff, as nothing is known about any session then
 */
export async function readActive(
  store: SessionStore,
  sub: string,
  nowMs: number,
): Promise<Omit<SessionPage, 'next'> & { readonly cutoff: Cutoff | undefined }> {
  const rows = await queryRows(store, sub);
  const cutoff = cutoffIn(rows);
  const sessions: Session[] = [];
  const unreadable: SessionPage['unreadable'] = [];
  for (const row of rows.filter(isSessionRow)) {
    try {
      const session = parseSession(row);
      if (activeOf(store, { row: session, cutoff }, nowMs)) sessions.push(session);
    } catch (error) {
      if (!(error instanceof InvalidSessionError)) throw error;
      const key = { sub: String(row.sub), jti: String(row.jti) };
      unreadable.push({ session: key, attribute: error.attribute });
    }
  }
  return { sessions, unreadable, cutoff };
}

/** Orders sessions by `auth_time`, newest first, then by `jti`. */
export function compare(one: Cursor, other: Cursor): number {
  return (
    other.auth_time - one.auth_time || (one.jti < other.jti ? -1 : Number(one.jti > other.jti))
  );
}
