/**
 * Makes something at the first call and hands out the same from then on. A failure is not kept: the next call
 * tries again.
 */
export function once<Thing>(make: () => Promise<Thing>): () => Promise<Thing> {
  let made: Promise<Thing> | undefined;
  return () => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
