import type { SessionLimits, SessionStore } from '../../lib/aws/dynamodb.ts';
import { isIdle } from '../../lib/sessions/active.ts';
import { CUTOFF_KEY, type Cutoff, isRevokedBy, parseCutoff } from '../../lib/sessions/cutoff.ts';
import { queryPage, type Row } from '../../lib/sessions/rows.ts';
import { InvalidSessionError, parseSession } from '../../lib/sessions/session.ts';
import { startDeadline } from '../../lib/shared/timeouts.ts';
import { issueToken, type ServiceSigner } from '../../support/issue-token.ts';

/** What the console works with. */
export interface Demo {
  readonly store: SessionStore;
  /** Undefined where the service has only a public key, so that its login service alone can sign. */
  readonly signer: ServiceSigner | undefined;
  /** Whether rows come with the first check of a session, not with the sign-in. */
  readonly adopted?: boolean;
  /** The one user whose rows it reads and writes. */
  readonly sub: string;
  /** Where the endpoints are; by default where they are by default. */
  readonly prefix?: string;
}

/** Whether a session opens anything, and if not, why. */
export type RowState = 'alive' | 'ended' | 'expired' | 'idle' | 'unreadable';

/** A row as the console shows it: its attributes as they are, and what they mean. */
export type ShownRow = Row & { readonly kind: 'session' | 'cutoff'; readonly state?: RowState };

/** Rows that are read at a time: as many as a page can show. */
export const SHOWN_ROWS = 100;

/** Life of the console's sessions, in seconds. */
const TTL_SECONDS = 3_600;

/**
 * Reads the rows of the demo's user, and of nobody else, as the store may be a shared one.
 *
 * @returns at most {@link SHOWN_ROWS} of them, the cutoff's first, and whether there are more
 */
export async function shownRows(
  { store, sub }: Demo,
  nowMs: number = Date.now(),
): Promise<{ readonly rows: readonly ShownRow[]; readonly more: boolean }> {
  using deadline = startDeadline();
  const { rows } = await queryPage(store, sub, { Limit: SHOWN_ROWS + 1 }, deadline);
  const cutoffRow = rows.find(({ jti }) => jti === CUTOFF_KEY);
  const cutoff = cutoffRow && parseCutoff(cutoffRow);
  return {
    rows: rows
      .slice(0, SHOWN_ROWS)
      .map((row) =>
        row === cutoffRow
          ? { ...row, kind: 'cutoff' }
          : { ...row, kind: 'session', state: stateOf(store, row, cutoff, nowMs) },
      ),
    more: rows.length > SHOWN_ROWS,
  };
}

function stateOf(
  limits: SessionLimits,
  row: Row,
  cutoff: Cutoff | undefined,
  nowMs: number,
): RowState {
  try {
    const session = parseSession(row);
    if (session.ended_at !== undefined || isRevokedBy(cutoff, session)) return 'ended';
    if (session.expires_at * 1_000 <= nowMs) return 'expired';
    return isIdle(session, nowMs, limits) ? 'idle' : 'alive';
  } catch (error) {
    if (error instanceof InvalidSessionError) return 'unreadable';
    throw error;
  }
}

/** A device's name: what a person would type, in a line. */
const DEVICE = /^[^\p{C}]{1,40}$/u;

/** @returns the name without blanks around it; null for what is none */
export function deviceName(value: unknown): string | null {
  const name = typeof value === 'string' ? value.trim() : '';
  return DEVICE.test(name) ? name : null;
}

/** @returns whether a value is a number of sessions that a user may have, or none */
export function isLimit(value: unknown): value is number | undefined {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= 1);
}

/** A new session, and the devices whose sessions its limit has ended. */
export interface SignedIn {
  readonly token: string;
  readonly session: Row;
  readonly ended: readonly string[];
}

/**
 * Signs the demo's user in on a device, as a login service would.
 *
 * @param limit sessions that the user may have at most, this one included
 */
export async function signIn(
  { store, sub }: Demo,
  signer: ServiceSigner,
  device: string,
  limit?: number,
): Promise<SignedIn> {
  const ended: string[] = [];
  const { token, session } = await issueToken(store, signer, {
    sub,
    ttlSeconds: TTL_SECONDS,
    claims: { name: 'Alice' },
    userAgent: device,
    maxSessions: limit,
    onEnded: (sessions) =>
      ended.push(...sessions.map(({ user_agent = 'a terminal' }) => user_agent)),
  });
  return { token, session: { ...session }, ended };
}
