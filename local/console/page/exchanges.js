import { badge, element, heard, shortened, statusPill } from './element.js';

/** Older requests than these are dropped. */
const KEPT = 20;

/**
 * Shows a request and its answer at the top of the list.
 *
 * @param {HTMLOListElement} list
 */
export function showExchange(list, exchange) {
  const { method, path, device, status, text, errorId, token } = exchange;
  const from = device ? [badge(device), heard(`${device.name}:`)] : [];
  const item = element(
    'li',
    {},
    element(
      'div.request',
      {},
      statusPill(status),
      ...from,
      element('code', {}, `${method} ${path}`),
      copyButton(exchange),
    ),
    element('code.curl', {}, exchange.curl(token && elided(token))),
    element('code.body', {}, withoutToken(text)),
  );
  if (errorId)
    item.append(
      element('code.body', {}, `X-Error-ID: ${errorId}`),
      element(
        'p.hint',
        {},
        `Its log line: npm run find-error -- ${errorId} --port ${location.port}`,
      ),
    );
  list.prepend(item);
  while (list.children.length > KEPT) list.lastElementChild.remove();
}

/** The shape of a token: all there is to see in one. The line that is copied has it whole. */
function elided(token) {
  return token
    .split('.')
    .map((part) => `${part.slice(0, 5)}…`)
    .join('.');
}

function withoutToken(text) {
  return text.replace(/"token":"([^"]+)"/, (_, token) => `"token":"${shortened(token)}"`);
}

function copyButton(exchange) {
  const label = element('span', {}, 'Copy');
  const button = element(
    'button.copy',
    {
      onclick: async () => {
        await copy(exchange.curl());
        label.textContent = 'Copied';
        setTimeout(() => {
          label.textContent = 'Copy';
        }, 2_000);
      },
    },
    label,
    heard(` the curl line of ${exchange.method} ${exchange.path}`),
  );
  return button;
}

/** Over http on another machine's address, where browsers have no clipboard, the old way is left. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = element('textarea.heard', { value: text, readOnly: true });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  focused?.focus();
}
