import { badge, element, heard, shortened, statusPill, timeOfDay } from './element.js';

const AUTH = '/api/v1/auth';

/** What a device can ask for. These are the service's own endpoints, asked with the device's token. */
export const ACTIONS = [
  { name: 'me', label: 'Who am I', method: 'GET', path: `${AUTH}/me` },
  { name: 'this', label: 'Log out', method: 'POST', path: `${AUTH}/logout` },
  { name: 'others', label: 'Log out others', method: 'POST', path: `${AUTH}/logout?scope=others` },
  {
    name: 'everywhere',
    label: 'Log out everywhere',
    method: 'POST',
    path: `${AUTH}/logout?scope=everywhere`,
  },
];

/**
 * A device's card. It is made once and changed in place, so that the focus stays where it was.
 *
 * @param device with its name, number, mark, token and session
 * @param {(action: typeof ACTIONS[number]) => void} onAction
 * @param {() => void} onSignIn when it is to be signed in again
 */
export function deviceCard(device, onAction, onSignIn) {
  const id = `device-${device.number}`;
  const state = element('span.state');
  const facts = element('dl');
  const answer = element('p.answer');
  const signIn = element(
    'button.primary',
    { onclick: onSignIn, hidden: true },
    'Sign in again',
    heard(` on ${device.name}`),
  );
  const buttons = ACTIONS.map((action) =>
    element(
      'button',
      { onclick: () => onAction(action) },
      action.label,
      heard(` on ${device.name}`),
    ),
  );
  const heading = element('h3', { id }, device.name);
  const card = element(
    'li.card',
    {},
    element('div.card-title', {}, badge(device), heading, state),
    facts,
    element('div.buttons', { role: 'group' }, ...buttons),
    element('div.last', {}, answer, signIn),
  );
  card.querySelector('.buttons').setAttribute('aria-labelledby', id);

  return {
    card,
    /** Shows the session that the device has now. */
    showSession: () => {
      const { jti, sid, auth_time, expires_at } = device.session;
      const entries = [
        ['jti', element('code', { title: jti }, shortened(jti))],
        ['sid', element('code', { title: sid }, shortened(sid))],
        ['auth_time', timeOfDay(auth_time)],
        ['expires_at', timeOfDay(expires_at * 1_000)],
      ];
      facts.replaceChildren(
        ...entries.map(([name, value]) =>
          element('div', {}, element('dt', {}, name), element('dd', {}, value)),
        ),
      );
      answer.replaceChildren();
    },
    /** Shows what is known of its session. @param {'alive' | 'ended' | 'no row yet'} now */
    showState: (now) => {
      card.dataset.state = now;
      state.textContent = now;
      signIn.hidden = now !== 'ended';
    },
    /** Shows what was answered last, or that something is on its way. @param {number} [status] */
    showAnswer: (label, status) => {
      card.ariaBusy = String(status === undefined);
      if (status === undefined) {
        answer.replaceChildren(`${label} …`);
        return;
      }
      answer.replaceChildren(`${label}: `, statusPill(status));
    },
    focus: () => buttons[0].focus(),
  };
}
