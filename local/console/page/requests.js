/** What a request was, and what came of it. */
class Exchange {
  constructor({ method, path, token, body }, device) {
    Object.assign(this, { method, path, token, body, device });
  }

  /** The line that does the same in a shell. */
  curl(token = this.token) {
    const parts = ['curl -i'];
    if (this.method !== 'GET') parts.push(`-X ${this.method}`);
    if (token) parts.push(`-H "Authorization: Bearer ${token}"`);
    if (this.body) parts.push(`-H "Content-Type: application/json" -d ${quoted(this.body)}`);
    const url = location.origin + this.path;
    return [...parts, url.includes('?') ? `"${url}"` : url].join(' ');
  }
}

/** In single quotes a shell takes all but the single quote as it is. */
function quoted(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Sends a request. Status 0 means that there was no answer.
 *
 * @param {{ method: string, path: string, token?: string, body?: string }} request
 */
export async function send(request, device) {
  const exchange = new Exchange(request, device);
  const { method, path, token, body } = request;
  try {
    const response = await fetch(path, {
      method,
      cache: 'no-store',
      headers: {
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body } : {}),
    });
    exchange.status = response.status;
    exchange.errorId = response.headers.get('X-Error-ID');
    exchange.text = await response.text();
  } catch (error) {
    exchange.status = 0;
    exchange.text = `No answer: ${error.message}`;
  }
  return exchange;
}

/** The JSON of an answer; an empty object where it holds none. */
export function parsed({ text }) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
