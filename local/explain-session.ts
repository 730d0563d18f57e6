import type { Adoption } from '../lib/sessions/adopted.ts';
import { CUTOFF_KEY, isRevokedBy, parseCutoff } from '../lib/sessions/cutoff.ts';
import { type Row, readRows } from '../lib/sessions/rows.ts';
import { parseMark } from '../lib/sessions/session.ts';
import type { Verification } from '../lib/tokens/verify.ts';
import { attempt } from '../support/attempt.ts';
import { shown, shownRow, shownTime } from '../support/printable.ts';
import { meaningOf } from '../support/reasons.ts';
import { line } from '../support/token-checks.ts';

type Authentic = Exclude<Verification, { readonly status: 'refused' }>;

/** What the service would answer, and lines that say why. */
export interface Answers {
  readonly lines: readonly string[];
  /** Status. */
  readonly me: number;
  readonly logout: string;
}

/**
 * Looks the session of a token up, as `me` would, and its rows as they are.
 *
 * @param adoption of the token's issuer
 * @throws when the store cannot be asked
 */
export async function explainSession(
  token: Authentic,
  adoption: Adoption | undefined,
): Promise<Answers> {
  const { session: key, sessions, status } = token;
  const rows = await readRows(sessions.store, key.sub, [key.jti, CUTOFF_KEY]);
  const [row, cutoff] = [rows.get(key.jti), rows.get(CUTOFF_KEY)];
  const mark = await attempt(() => parseMark(row ?? {}));
  const facts = [
    line('', 'key', `sub ${shown(key.sub)}, jti ${shown(key.jti)}`),
    line('', 'row', row ? shownRow(row) : 'none'),
    line('', 'cutoff', cutoff ? shownRow(cutoff) : 'none'),
  ];
  const answers = (me: number, verdict: string, text: string): Answers => ({
    me,
    lines: [...facts, line(verdict, 'session', text)],
    logout: mark instanceof Error ? `500: ${mark.message}` : '200, and the session is over',
  });
  if (status !== 'verified') return answers(401, '-', `not asked for, as the token is ${status}`);
  // The store is read-only, so that this adopts nothing.
  const found = await attempt(() => sessions.find(token, () => ({})));
  if (found instanceof Error) return answers(500, 'FAIL', found.message);
  const { denial, ended = [] } = found;
  const displaced = ended.length > 0 ? `; MAX_SESSIONS would end ${ended.length} for it` : '';
  if (!denial) return answers(200, 'ok', row ? 'active' : WOULD_ADOPT + displaced);
  const why = denial === 'session_ended' ? endings(token, row, cutoff, adoption, displaced) : [];
  return answers(401, 'FAIL', `${denial}: ${why.join('; ') || meaningOf(denial)}`);
}

const WOULD_ADOPT = 'no row: the first check would adopt it, and begin the session';
const NO_ROW = 'no row: logged out, deleted after its end, or never written by the login service';

/** What stands against a session, by its row and the cutoff, or by the claims where there is no row. */
function endings(
  { claims, sessions }: Authentic,
  row: Row | undefined,
  cutoff: Row | undefined,
  adoption: Adoption | undefined,
  displaced: string,
): readonly string[] {
  const { ended_at, rotated_to, expires_at, auth_time, sid } = row ?? {};
  const authTime = Number(auth_time ?? Number(claims.auth_time ?? claims.iat) * 1_000);
  const { notBeforeMs = 0, maxAgeMs = row ? undefined : adoption?.maxAgeMs } = sessions.store;
  const revoked =
    cutoff && isRevokedBy(parseCutoff(cutoff), { auth_time: authTime, sid: String(sid) });
  const reasons: readonly (readonly [holds: unknown, text: string])[] = [
    [!row, adoption ? `no row, and nothing is adopted${displaced}` : NO_ROW],
    [ended_at !== undefined, `a logout ended it at ${shownTime(ended_at, 1)}`],
    [rotated_to !== undefined, 'a refresh replaced it (rotated_to): use the refreshed token'],
    [Number(expires_at) * 1_000 <= Date.now(), 'its expires_at has passed'],
    [authTime < notBeforeMs, `it began before SESSIONS_NOT_BEFORE, ${shownTime(notBeforeMs, 1)}`],
    [authTime + Number(maxAgeMs) <= Date.now(), 'it is older than SESSION_MAX_AGE'],
    [revoked, 'the cutoff covers it: a logout of everywhere or others, after it began'],
  ];
  return reasons.flatMap(([holds, text]) => (holds ? [text] : []));
}
