const DEVICES = 'devices';
const RUN = 'run';

/**
 * Keeps the devices over a reload, in this tab only. They are throw-away sessions of a local run.
 *
 * @param {string} run the start of the service that they were seen under
 */
export function saveDevices(run, devices) {
  const kept = devices.map(({ name, token, session }) => ({ name, token, session }));
  sessionStorage.setItem(DEVICES, JSON.stringify(kept));
  sessionStorage.setItem(RUN, run);
}

/**
 * The devices that were kept. Those of an earlier start are none: its rows are gone, and maybe its secret.
 * Rows that are all gone say nothing by themselves, as a logout everywhere leaves none either.
 */
export function saved(run) {
  if (sessionStorage.getItem(RUN) !== run) return [];
  return JSON.parse(sessionStorage.getItem(DEVICES) ?? '[]');
}
