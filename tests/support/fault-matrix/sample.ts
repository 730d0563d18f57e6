import { hash } from 'node:crypto';
import { endpoints } from './endpoints.ts';
import { canMeet } from './evaluate.ts';
import { type MatrixFault, matrixFaults } from './faults.ts';
import type { Cell } from './run.ts';

/** Every endpoint under every fault that it can meet. */
export const allCells: readonly Cell[] = matrixFaults.flatMap((fault) =>
  endpoints.filter((endpoint) => canMeet(endpoint, fault)).map((endpoint) => ({ fault, endpoint })),
);

/**
 * Cells in which every fault meets every function, protected endpoints, and endpoints that end sessions; and
 * every endpoint meets every kind of fault. The same ones each time.
 */
export function sampleCells(): readonly Cell[] {
  const covered = new Set<string>();
  const sample = new Set<Cell>();
  for (const cell of shuffledCells()) {
    const pairs = pairsOf(cell);
    if (pairs.every((pair) => covered.has(pair))) continue;
    for (const pair of pairs) covered.add(pair);
    sample.add(cell);
  }
  return allCells.filter((cell) => sample.has(cell));
}

/** In the order of a hash, so that the sample has other endpoints of a function under each fault. */
function shuffledCells(): readonly Cell[] {
  const hashed = allCells.map((cell) => ({
    cell,
    order: hash('sha256', `${cell.fault.name}, ${cell.endpoint.name}`),
  }));
  return hashed.sort((one, other) => (one.order < other.order ? -1 : 1)).map(({ cell }) => cell);
}

/** What a cell is an example of. */
function pairsOf({ fault, endpoint }: Cell): readonly string[] {
  const { name, fn, isProtected, ends } = endpoint;
  return [
    `${fault.name}, ${fn}`,
    `${fault.name}, ${isProtected ? 'protected' : 'open'}`,
    `${fault.name}, ${ends.length > 0 ? 'ends sessions' : 'reads'}`,
    `${kindOf(fault)}, ${name}`,
  ];
}

function kindOf({ store, jwks, ssm, expected }: MatrixFault): string {
  if (store) return `store, ${expected}`;
  if (jwks) return `keys, ${expected}`;
  return ssm ? 'secret' : 'configuration';
}
