import { deletions } from './deletions.js';
import { deviceCard } from './devices.js';
import { showExchange } from './exchanges.js';
import { parsed, send } from './requests.js';
import { rowTable } from './rows.js';
import { saveDevices, saved } from './saved.js';
import { atLimit, cannotSign, lead, outcome } from './sentences.js';

const REFRESH_MS = 1_000;
const FIRST_DEVICES = ['Laptop', 'Phone', 'Tablet'];
const COLOURS = 6;

const byId = (id) => document.getElementById(id);
const devices = [];
const showRows = rowTable(byId('rows'), (jti) =>
  devices.find(({ session }) => session.jti === jti),
);

const deleted = deletions();

let asked = 0;
let shown = 0;
/** Which start of the service the rows are of. */
let run;
/** Whether rows come with the first check of a session. */
let adopted = false;
let begun = false;

/** Reads the rows, and shows them unless a later reading was faster. */
async function refresh() {
  asked += 1;
  const turn = asked;
  const exchange = await send({ method: 'GET', path: '/console/rows' });
  if (turn < shown) return undefined;
  shown = turn;
  const answer = parsed(exchange);
  if (exchange.status !== 200) {
    tell(`The table can’t be read: ${answer.detail ?? `${exchange.text}. Is npm start running?`}`);
    return undefined;
  }
  run = answer.run;
  adopted = answer.adopted;
  byId('lead').textContent = lead(adopted);
  deleted.note(answer);
  tell(answer.canSign ? '' : cannotSign(adopted));
  showRows(answer.rows, answer);
  for (const device of devices) {
    const state = stateOf(device.session, answer);
    // Of a row that is not among the first of many nothing is known.
    if (state === 'alive' || !answer.more) device.view.showState(state);
  }
  byId('table').textContent = answer.table;
  for (const place of document.querySelectorAll('.sub')) place.textContent = answer.sub;
  byId('more').textContent = `The first ${answer.rows.length} rows; there are more.`;
  byId('more').hidden = !answer.more;
  byId('sign-in').hidden = !answer.canSign;
  // A limit of adopted sessions is the service's own: MAX_SESSIONS.
  byId('limited').hidden = adopted;
  return answer;
}

/** What the rows say of a device's session. An adopted one has no row until its first check. */
function stateOf({ jti, sid, auth_time }, { rows }) {
  const row = rows.find((each) => each.jti === jti);
  if (row?.state === 'alive') return 'alive';
  const cutoff = rows.find(({ kind }) => kind === 'cutoff');
  const isCovered = auth_time <= cutoff?.revoked_before && sid !== cutoff.except_sid;
  return adopted && !row && !isCovered ? 'no row yet' : 'ended';
}

/** Shows what stands in the way, or that nothing does. */
function tell(text) {
  const notice = byId('notice');
  if (notice.textContent !== text) notice.textContent = text;
  notice.hidden = text === '';
}

function say(text) {
  byId('said').textContent = text;
}

/** Asks for a session. It is what a login service does, and no endpoint of this one. */
async function signIn(name, device, limit) {
  const body = JSON.stringify({ device: name, limit });
  const exchange = await send({ method: 'POST', path: '/console/sessions', body }, device);
  return { exchange, issued: exchange.status === 201 ? parsed(exchange) : undefined };
}

function addDevice(name, { token, session }) {
  const number = devices.length;
  const letter = String.fromCharCode(65 + (number % 26));
  const device = { name, number, letter, colour: number % COLOURS, token, session };
  device.view = deviceCard(
    device,
    (action) => act(device, action),
    () => signInAgain(device),
  );
  devices.push(device);
  device.view.showSession();
  byId('devices').append(device.view.card);
  return device;
}

/**
 * Does what a card's button says, after what the same card was asked for before: a device that asks who it
 * is right after logging out means "then", while a function that starts for the first time takes a second.
 */
function inTurn(device, work) {
  device.turn = Promise.resolve(device.turn).then(work);
  return device.turn;
}

function act(device, { name, method, path, label }) {
  return inTurn(device, async () => {
    device.view.showAnswer(label);
    const { token, session } = device;
    const exchange = await send({ method, path, token }, device);
    await refresh();
    report(exchange);
    device.view.showAnswer(label, exchange.status);
    say(outcome(name, device.name, exchange, isOnlyDeleted(session), adopted));
  });
}

/** Whether nothing but its row's deletion is known to stand against a session. */
function isOnlyDeleted({ jti, expires_at }) {
  return deleted.saw(jti) && expires_at * 1_000 > Date.now();
}

function signInAgain(device) {
  return inTurn(device, async () => {
    const { exchange, issued } = await signIn(device.name, device);
    if (issued) {
      Object.assign(device, issued);
      device.view.focus(); // before the pressed button goes away
      device.view.showSession();
      save();
    }
    await refresh();
    report(exchange);
    say(outcome('sign-in', device.name, exchange, false, adopted));
  });
}

function report(exchange) {
  byId('none-yet').hidden = true;
  showExchange(byId('requests'), exchange);
}

/** Keeps the devices; not before those that were kept are here, as they would be lost. */
function save() {
  if (begun) saveDevices(run, devices);
}

/** Signs in a device that is new here, and answers the exchange. */
async function signInNew(name, limit) {
  const { exchange, issued } = await signIn(name, undefined, limit);
  if (issued) {
    exchange.device = addDevice(issued.session.user_agent, issued);
    save();
  }
  await refresh();
  report(exchange);
  return exchange;
}

byId('sign-in').addEventListener('submit', async (event) => {
  event.preventDefault();
  const name = byId('device').value.trim();
  const exchange = await signInNew(name, Number(byId('limit').value) || undefined);
  say(outcome('sign-in', name, exchange, false, adopted) + atLimit(exchange));
});

/** Shows the devices of this run, else signs the first ones in. */
async function begin(canSign) {
  const kept = saved(run);
  for (const { name, ...issued } of kept) addDevice(name, issued);
  begun = true;
  if (kept.length > 0) await refresh();
  else if (canSign) for (const name of FIRST_DEVICES) await signInFirst(name);
}

/** Says only that it failed: while all is well, what to do first is said. */
async function signInFirst(name) {
  const exchange = await signInNew(name);
  if (exchange.status !== 201) say(outcome('sign-in', name, exchange));
}

async function keepFresh() {
  if (!begun) {
    // Only a reading tells whether what was kept is of this run, so a failed one has to come again.
    const first = await refresh();
    if (first) await begin(first.canSign);
  } else if (!document.hidden) await refresh();
  setTimeout(keepFresh, REFRESH_MS);
}

document.addEventListener('visibilitychange', () => document.hidden || refresh());
keepFresh();
