/** The name with the fewest letters to change, for the error about a wrong one. */
export function nearest(wrong: string, names: readonly string[]): string {
  const distances = names.map((name) => [distance(wrong.toLowerCase(), name.toLowerCase()), name]);
  const [[, name] = []] = distances.sort(([one], [other]) => Number(one) - Number(other));
  return String(name);
}

/** Levenshtein's: letters to insert, delete or replace. */
function distance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const letter of from) {
    const [first = 0] = previous;
    const row = [first + 1];
    for (const [index, other] of [...to].entries()) {
      const replaced = (previous[index] ?? 0) + (letter === other ? 0 : 1);
      row.push(Math.min(replaced, (row[index] ?? 0) + 1, (previous[index + 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous.at(-1) ?? 0;
}
