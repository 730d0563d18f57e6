import type { WarmCost } from './environment.ts';
import { logoutEvent } from './gateway-event.ts';
import { type Bench, compare, measureInTurns, type PartResult, type Turns } from './measure.ts';
import { measureWarm, type Workload, workloads } from './workload.ts';

/** Against the one store call alone. */
const STORE_CALL_LIMIT = 1.2;
/** Against a logout of a live token. */
const FORGED_LIMIT = 0.25;
const MALFORMED_LIMIT = 0.2;
/** Of a session that a check has adopted before, against a registered one. */
const ADOPTED_LIMIT = 1.1;
/** Of an API that checks sessions by the middleware, against `/me`. */
const MIDDLEWARE_LIMIT = 1.1;
/** With an IDLE_TIMEOUT, over a session's use: ten checks, of which one writes; against none. */
const IDLE_LIMIT = 1.15;
const CALLS = { warmUp: 1_500, measured: 1_500 };

/**
 * CPU of one warm call, event in, response out, in a process that makes nothing but such calls; the store's
 * work is in another process and not counted. The authorizer is compared with `/me` by wall time.
 */
export async function measureWarmCalls(
  { store, packages }: Bench,
  turns: Turns,
): Promise<PartResult> {
  const workload = await workloads(packages);
  const { logout, bareDelete, check, adoptedCheck, idleCheck, bareBatchGet, authorizer } = workload;
  const { guarded, bareHandler } = workload;
  const refused = (name: string, event: Workload['event']) => ({ name, fn: logout.fn, event });
  const forged = refused('forged token', ({ token }) => logoutEvent(withOtherSignature(token)));
  const malformed = refused('malformed token', () => logoutEvent('garbage'));
  const costs = await measureInTurns(
    [...Object.values(workload), forged, malformed],
    turns,
    (each) => measureWarm(each, store, CALLS),
  );
  const row = (
    what: string,
    ours: Workload,
    other: Workload,
    limit?: number,
    value: keyof WarmCost = 'cpuUs',
  ) => {
    const samples = ({ name }: Workload) => costs(name).map((cost) => cost[value]);
    const name = other === logout ? 'of a live token' : other.name;
    return compare(what, 'µs', samples(ours), { name, samples: samples(other) }, { limit });
  };
  /** Functions that a request to an API invokes. */
  const byMiddleware = [guarded];
  const byAuthorizer = [authorizer, bareHandler];
  const guardedRow = (what: string, unit: string, samples: (of: Workload[]) => readonly number[]) =>
    compare(what, unit, samples(byMiddleware), {
      ...{ name: 'authorizer and bare handler', samples: samples(byAuthorizer) },
    });
  const cpuOfAll = (all: Workload[]) =>
    Array.from({ length: turns.runs }, (_, run) =>
      all.reduce((sum, { name }) => sum + (costs(name)[run]?.cpuUs ?? NaN), 0),
    );
  return {
    rows: [
      row('CPU of a warm logout', logout, bareDelete, STORE_CALL_LIMIT),
      row('CPU of a warm check (/me)', check, bareBatchGet, STORE_CALL_LIMIT),
      row('CPU of a warm check, adopted session', adoptedCheck, check, ADOPTED_LIMIT),
      row('CPU of a warm check, API with the middleware', guarded, check, MIDDLEWARE_LIMIT),
      guardedRow('CPU of a request to an API, middleware', 'µs', cpuOfAll),
      guardedRow('Lambda calls of a request to an API, middleware', 'calls', (all) => [all.length]),
      row('CPU of a warm check, IDLE_TIMEOUT on', idleCheck, check, IDLE_LIMIT),
      row('CPU of a logout, forged token', forged, logout, FORGED_LIMIT),
      row('CPU of a logout, malformed token', malformed, logout, MALFORMED_LIMIT),
      row('time of a warm check, p50, authorizer', authorizer, check, undefined, 'wallUs'),
    ],
  };
}

/** Changes the signature's first character, as the last one has bits that do not count. */
function withOtherSignature(token: string): string {
  const at = token.lastIndexOf('.') + 1;
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
}
