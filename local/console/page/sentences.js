import { parsed } from './requests.js';

const DONE = {
  me: (name) => `${name}: 200. Its row is in the table, so its session is alive.`,
  this: (name) =>
    `${name} is logged out: its row is gone. The token has not expired; ask “Who am I” to see what it is worth.`,
  others: (name) =>
    `All devices but ${name} are logged out, by one write: the #cutoff row. Their rows were swept away with it.`,
  everywhere: () =>
    'All devices are logged out, by one write: the #cutoff row. A new session begins after it, and is alive.',
  'sign-in': (name) => `${name} is signed in: one new row, and a token that names it.`,
};

/** What differs where rows come with the first check. */
const DONE_ADOPTED = {
  this: (name) =>
    `${name} is logged out: its row says so, and stays. The token has not expired; ask “Who am I” to see what it is worth.`,
  others: (name) => `All devices but ${name} are logged out, by one write: the #cutoff row.`,
  'sign-in': (name) =>
    `${name} is signed in: a token, and no row. The first “Who am I” puts the row.`,
};

/** What there is to see here. @param {boolean} adopted */
export function lead(adopted) {
  const seen = adopted
    ? 'Ask a device who it is: its row appears. Log it out: the row ends'
    : 'Log a device out: its row vanishes from the table';
  return `${seen}, and its token, though it has not expired, is refused from the next request on.`;
}

/** Why there is no sign-in. @param {boolean} adopted */
export function cannotSign(adopted) {
  const row = adopted
    ? 'Its row comes with the first request'
    : 'Make its row with npm run token -- --sub … --jti …, and use curl';
  return `This service has only a public key, so the console cannot sign tokens for new sessions. Sign one with your own key. ${row}. The rows below are live all the same.`;
}

/**
 * What came of a request, in a sentence.
 *
 * @param {keyof typeof DONE} what was asked for
 * @param {boolean} isOnlyDeleted whether the session's row was seen to go, and its token has not expired
 * @param {boolean} adopted whether rows come with the first check
 */
export function outcome(what, name, exchange, isOnlyDeleted = false, adopted = false) {
  const { status, errorId } = exchange;
  if (status >= 200 && status < 300) return { ...DONE, ...(adopted && DONE_ADOPTED) }[what](name);
  if (status === 401 && what === 'me' && !isOnlyDeleted)
    return `${name}: 401. Its session is over.`;
  if (status === 401 && what === 'me')
    return `${name}: 401. The token is correctly signed and has not expired, but its row is not there.`;
  if (status === 401) return `${name}: 401. A session that is over can’t end others.`;
  if (status >= 500)
    return `${name}: ${status}. Nothing is claimed that the store has not confirmed${errorId ? `; error id ${errorId}` : ''}.`;
  const about = name && `${name}: `;
  if (!status) return `${about}no answer. Is npm start running?`;
  const { detail } = parsed(exchange);
  return `${about}${status}.${detail ? ` ${detail}.` : ''}`;
}

/** Which devices the limit of a sign-in has logged out; empty where there are none. */
export function atLimit(exchange) {
  const { ended = [] } = parsed(exchange);
  return ended.length > 0 ? ` The limit has logged out the oldest: ${ended.join(', ')}.` : '';
}
