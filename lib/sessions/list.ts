import type { SessionStore } from '../aws/dynamodb.ts';
import type { Cursor } from './cursor.ts';
import { CUTOFF_KEY, isLive, parseOptionalCutoff } from './cutoff.ts';
import type { SessionKey } from './key.ts';
import { isSessionRow, queryRows, type Row } from './rows.ts';
import { InvalidSessionError, parseSession, type Session } from './session.ts';

/** Sessions on a page. */
export const MAX_LIMIT = 100;
export const DEFAULT_LIMIT = 20;

/** A row that was not written as README.md asks of login services. */
export interface UnreadableRow {
  readonly session: SessionKey;
  readonly attribute: InvalidSessionError['attribute'];
}

/** One page of a user's list. */
export interface SessionPage {
  readonly sessions: readonly Session[];
  readonly next: Cursor | null;
  /** Of all the user's rows, on every page. */
  readonly unreadable: readonly UnreadableRow[];
}

/**
 * Lists a user's live sessions, newest first, strongly consistent.
 *
 * The table is ordered by `jti`, so every page reads all rows of the user (1 MB a request, 10,000
 * sessions are some 2 MB): an index by time would double the cost of every log-in and logout.
 *
 * @param after the end of the page before; only a position in this user's own list
 * @param limit sessions on the page
 * @returns the page, where it ends unless it is the last, and the user's rows that no one can read: they
 *   open nothing, as the check of a session throws on them, and hide none of the others
 * @throws TypeError for a cutoff that can't be read: nothing is known about any session then
 */
export async function listSessions(
  store: SessionStore,
  sub: string,
  { limit, after }: { readonly limit: number; readonly after?: Cursor | undefined },
  nowMs: number = Date.now(),
): Promise<SessionPage> {
  const rows = await queryRows(store, sub);
  const cutoff = parseOptionalCutoff(rows.find(({ jti }) => jti === CUTOFF_KEY));
  const parsed = rows.filter(isSessionRow).map(parseOrReport);
  const live = parsed
    .flatMap(({ session }) => session ?? [])
    .filter((session) => isLive(session, cutoff, nowMs))
    .filter((session) => after === undefined || compare(after, session) < 0)
    .sort(compare);
  const sessions = live.slice(0, limit);
  const last = sessions.at(-1);
  return {
    sessions,
    next: last && live.length > limit ? last : null,
    unreadable: parsed.flatMap(({ unreadable }) => unreadable ?? []),
  };
}

type ParsedRow =
  | { readonly session: Session; readonly unreadable?: never }
  | { readonly session?: never; readonly unreadable: UnreadableRow };

/** Only what a login service wrote wrongly is reported; anything else is a fault. */
function parseOrReport(row: Row): ParsedRow {
  try {
    return { session: parseSession(row) };
  } catch (error) {
    if (!(error instanceof InvalidSessionError)) throw error;
    const session = { sub: String(row.sub), jti: String(row.jti) };
    return { unreadable: { session, attribute: error.attribute } };
  }
}

function compare(one: Cursor, other: Cursor): number {
  return (
    other.auth_time - one.auth_time || (one.jti < other.jti ? -1 : Number(one.jti > other.jti))
  );
}
