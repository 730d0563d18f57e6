import { badge, element, shortened, timeOfDay } from './element.js';

/** How long a row that has vanished can still be seen, struck through. */
const GONE_MS = 6_000;

const EXPLAINED = {
  alive: 'alive',
  ended: 'ended by #cutoff',
  expired: 'expired',
  idle: 'idle for too long',
  unreadable: 'unreadable',
};

/**
 * The table of rows. One that vanishes is struck through for a while first, so that it can be seen.
 *
 * @param {HTMLTableSectionElement} body
 * @param {(jti: string) => object | undefined} deviceOf the device that holds a row's token
 */
export function rowTable(body, deviceOf) {
  const shown = new Map();
  let order = '';

  const arrange = () => {
    const sorted = [...shown.values()].sort((one, other) => sortKey(one.row) - sortKey(other.row));
    const now = sorted.map(({ row }) => row.jti).join('\n');
    if (now !== order) body.replaceChildren(...sorted.map(({ line }) => line));
    order = now;
  };

  const vanish = (entry) => {
    if (entry.line.dataset.gone) return;
    entry.line.dataset.gone = 'yes';
    entry.line.querySelector('.state').textContent = 'deleted';
    setTimeout(() => {
      if (shown.get(entry.row.jti) === entry) shown.delete(entry.row.jti);
      arrange();
    }, GONE_MS);
  };

  return (rows, clock = {}) => {
    const there = new Set(rows.map(({ jti }) => jti));
    for (const entry of shown.values()) if (!there.has(entry.row.jti)) vanish(entry);
    for (const row of rows) {
      const before = shown.get(row.jti);
      const text = JSON.stringify([row, deviceOf(row.jti)?.letter]);
      if (before && before.text === text && !before.line.dataset.gone) continue;
      const line = row.kind === 'cutoff' ? cutoffLine(row) : sessionLine(row, deviceOf(row.jti));
      if (before) before.line.replaceWith(line);
      shown.set(row.jti, { row, line, text });
      order = '';
    }
    for (const { row, line } of shown.values()) showIdle(line.querySelector('.idle'), row, clock);
    arrange();
  };
}

/** The cutoff first, then by the time of the sign-in. */
function sortKey({ kind, auth_time }) {
  return kind === 'cutoff' ? 0 : Number(auth_time) || 1;
}

function sessionLine(row, device) {
  const { jti, user_agent, auth_time, expires_at, ended_at, state } = row;
  const line = element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      device ? badge(device) : '',
      element('code', { title: jti }, shortened(jti)),
    ),
    element(
      'td.state',
      {},
      ended_at === undefined ? EXPLAINED[state] : 'ended by a logout or a limit',
      element('small.idle'),
    ),
    element('td', {}, user_agent ?? 'none (from a terminal)'),
    element('td', {}, timeOrText(auth_time, 1)),
    element('td', {}, timeOrText(expires_at, 1_000)),
  );
  line.dataset.state = state;
  return line;
}

/**
 * How long a session may go on unused, by the service's clock. Where there is no idle time-out, nothing.
 *
 * @param {Element | null} place missing in the row of a cutoff, and of what has vanished
 */
function showIdle(place, { state, last_seen }, { idleMs, nowMs }) {
  if (!place || !idleMs || state !== 'alive') return;
  const left = Math.ceil((last_seen + idleMs - nowMs) / 1_000);
  place.textContent = last_seen ? `idle in ${left} s` : 'not used yet';
}

/** A row that is not as it should be is shown as it is. */
function timeOrText(value, unitMs) {
  const epochMs = Number(value) * unitMs;
  return Math.abs(epochMs) < 8.64e15 ? timeOfDay(epochMs) : String(value ?? '');
}

function cutoffLine({ jti, revoked_before, except_sid }) {
  const line = element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('code', {}, jti)),
    element('td.state', {}, 'logout of many'),
    element(
      'td',
      { colSpan: 3 },
      'Whoever signed in until ',
      timeOfDay(revoked_before),
      ' is logged out',
      ...(except_sid
        ? [', but for the chain ', element('code', { title: except_sid }, shortened(except_sid))]
        : []),
      '. One write, however many sessions.',
    ),
  );
  line.dataset.state = 'cutoff';
  return line;
}
