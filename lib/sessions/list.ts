import type { SessionStore } from '../aws/dynamodb.ts';
import { isActive } from './active.ts';
import type { Cursor } from './cursor.ts';
import { CUTOFF_KEY, parseCutoff } from './cutoff.ts';
import type { SessionKey } from './key.ts';
import { isSessionRow, queryRows } from './rows.ts';
import { InvalidSessionError, parseSession, type Session } from './session.ts';

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
 * @throws TypeError for an invalid cutoff, as nothing is known about any session then
 */
export async function listSessions(
  store: SessionStore,
  sub: string,
  { limit, after }: { readonly limit: number; readonly after?: Cursor | undefined },
  nowMs: number = Date.now(),
): Promise<SessionPage> {
  const rows = await queryRows(store, sub);
  const cutoff = parseCutoff(rows.find(({ jti }) => jti === CUTOFF_KEY));
  const sessions: Session[] = [];
  const unreadable: SessionPage['unreadable'] = [];
  for (const row of rows.filter(isSessionRow)) {
    try {
      const session = parseSession(row);
      if (isActive(session, cutoff, nowMs, store)) sessions.push(session);
    } catch (error) {
      if (!(error instanceof InvalidSessionError)) throw error;
      const key = { sub: String(row.sub), jti: String(row.jti) };
      unreadable.push({ session: key, attribute: error.attribute });
    }
  }
  const rest = sessions
    .filter((session) => after === undefined || compare(after, session) < 0)
    .sort(compare);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { sessions: page, next: last && rest.length > limit ? last : null, unreadable };
}

function compare(one: Cursor, other: Cursor): number {
  return (
    other.auth_time - one.auth_time || (one.jti < other.jti ? -1 : Number(one.jti > other.jti))
  );
}
