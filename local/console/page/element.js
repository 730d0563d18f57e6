/**
 * Makes an element. Texts become text, never markup, whatever a row or an answer holds.
 *
 * @param {string} name of the element, with a class behind a dot
 * @param {Record<string, unknown>} properties
 * @param {...(Node | string)} children
 */
export function element(name, properties = {}, ...children) {
  const [tag, className = ''] = name.split('.');
  const made = Object.assign(document.createElement(tag), properties);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** Text for those who hear the page, where the others see it from what is around. */
export function heard(text) {
  return element('span.heard', {}, text);
}

/** The beginning of an id, enough to tell one from another. */
export function shortened(id) {
  return id.length > 12 ? `${id.slice(0, 8)}…` : id;
}

/** The mark by which a device's card, rows and requests are known: a letter, and a colour beside it. */
export function badge({ letter, colour }) {
  const made = element('span.badge', { ariaHidden: 'true' }, letter);
  made.dataset.colour = colour;
  return made;
}

/** A time of the day. @param {number} epochMs */
export function timeOfDay(epochMs) {
  const text = new Date(epochMs).toLocaleTimeString('en-GB');
  return element('time', { dateTime: new Date(epochMs).toISOString() }, text);
}

/** An answer's status; 0 stands for none. @param {number} status */
export function statusPill(status) {
  const made = element('strong.status', {}, String(status || 'no answer'));
  made.dataset.kind = status >= 200 && status < 300 ? 'good' : 'bad';
  return made;
}
