import type { Endpoint } from './endpoints.ts';
import { expectationOf } from './evaluate.ts';
import { isWaitedFor, type MatrixFault } from './faults.ts';
import type { StartFunctions } from './process.ts';

/**
 * Time-outs of the functions, so that no answer depends on how busy the machine is: short where the fault ends
 * in a time-out of any length, generous where it does not. tests/lib/shared/timeouts.test.ts has the product's.
 */
export function timeOutsOf(fault: MatrixFault, endpoint: Endpoint): Parameters<StartFunctions>[1] {
  if (fault.remainingMs !== undefined) return {};
  const { store } = fault;
  const { answer } = expectationOf(endpoint, fault);
  const isUnprocessed = store && 'fault' in store && store.fault.startsWith('unprocessed-');
  const isCounted = store && 'fault' in store && store.options?.times !== undefined;
  // The SDK's timer of a connection outlives a name that does not resolve, and keeps the test from its end.
  if (store && 'endpoint' in store) return { ...PATIENT, ...UNLIMITED, connectMs: 5_000 };
  if (endpoint.isBestEffort && isWaitedFor(fault))
    return { connectMs: 30_000, attempts: 3, attemptMs: 3_000, ...UNLIMITED };
  if (answer === 'served')
    // A connection that hangs is given up after an attempt's own time; nothing else is.
    return isCounted && isWaitedFor(fault) && !isUnprocessed
      ? { attempts: 10, keySetMs: 30_000, ...UNLIMITED }
      : { ...PATIENT, ...UNLIMITED };
  if (!isWaitedFor(fault)) return { ...PATIENT, ...UNLIMITED };
  // Keys that stay unprocessed are asked for until the time of the operation is over.
  if (isUnprocessed) return { connectMs: 5_000, attemptMs: 5_000, storeMs: 4_000 };
  return { connectMs: 400, attemptMs: 400, storeMs: 1_500, keySetMs: 500, secretMs: 500 };
}

const PATIENT = { connectMs: 30_000, attemptMs: 30_000, keySetMs: 30_000, secretMs: 60_000 };
const UNLIMITED = { storeMs: 90_000, deleteRevokedMs: 90_000, touchMs: 90_000 };
