import type { CpuShare } from './cpu-share.ts';
import { Environment, type WarmCost } from './environment.ts';
import { authorizerEvent, logoutEvent, meEvent } from './gateway-event.ts';
import { buildGuarded } from './guarded.ts';
import { buildBare } from './naive/build.ts';
import type { PackagedFunction, Packages } from './packaged.ts';
import type { BenchStore, LiveSession } from './store.ts';

/** A function, and the calls to measure it by. */
export interface Workload {
  /** In the report. */
  readonly name: string;
  readonly fn: PackagedFunction;
  /** The event of one call, from a live session; the answer has to be a 200. */
  readonly event: (live: LiveSession) => object;
  /** The one store operation of a call; none for a token that is refused. */
  readonly operation?: 'DeleteItem' | 'BatchGetItem' | undefined;
  /** Checks of one session in a row, of which the first writes its use; one, which writes nothing, by default. */
  readonly checksATouch?: number;
  /** Beside the store's. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Logout, the forms of a check, and the bare store calls to compare with. */
export async function workloads({ functions, directory }: Packages) {
  const { logout, me, authorizer } = functions;
  const bare = async (
    file: 'constant' | 'delete' | 'batch-get',
    operation: Workload['operation'],
    like: PackagedFunction,
  ): Promise<Workload> => {
    const fn = await buildBare(file, like, directory);
    return { name: fn.name, operation, fn, event: ({ session }) => session };
  };
  const workload = (
    name: string,
    operation: Workload['operation'],
    fn: PackagedFunction,
    event: (token: string) => object,
  ): Workload => ({ name, operation, fn, event: ({ token }) => event(token) });
  const check = workload('check', 'BatchGetItem', me, meEvent);
  const variables = { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'jti' };
  return {
    logout: workload('logout', 'DeleteItem', logout, (token) => logoutEvent(token)),
    check,
    adoptedCheck: { ...check, name: 'check of an adopted session', variables },
    idleCheck: {
      ...{ ...check, name: 'check with IDLE_TIMEOUT', checksATouch: 10 },
      variables: { IDLE_TIMEOUT: '900' },
    },
    authorizer: workload('authorizer', 'BatchGetItem', authorizer, authorizerEvent),
    guarded: workload('guarded API', 'BatchGetItem', await buildGuarded(me, directory), meEvent),
    bareHandler: await bare('constant', undefined, me),
    bareDelete: await bare('delete', 'DeleteItem', logout),
    bareBatchGet: await bare('batch-get', 'BatchGetItem', me),
  };
}

/**
 * Measures warm calls in a process of their own, and holds them to their store calls.
 *
 * @param warmUp calls before those that count
 * @param cpuShare how much of a processor the process gets; all by default
 */
export async function measureWarm(
  { name, fn, event, operation, checksATouch, variables }: Workload,
  store: BenchStore,
  { warmUp, measured }: { readonly warmUp: number; readonly measured: number },
  cpuShare?: CpuShare,
): Promise<WarmCost> {
  const calls = warmUp + measured;
  const sessions = await store.begin(calls / (checksATouch ?? 1));
  const events = sessions.flatMap((live) => Array(checksATouch ?? 1).fill(event(live)));
  const touches = checksATouch === undefined ? {} : { UpdateItem: sessions.length };
  await using environment = new Environment(fn, { ...store.variables, ...variables }, cpuShare);
  return await store.expectCalls(name, operation ? { [operation]: calls, ...touches } : {}, () =>
    environment.measureWarm(events.slice(0, warmUp), events.slice(warmUp)),
  );
}
