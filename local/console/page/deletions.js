/**
 * Remembers which rows this page has seen go. That one is not there proves nothing by itself: after another
 * start the store is a new one, and the secret may be another one too.
 */
export function deletions() {
  let run;
  let there = new Set();
  const gone = new Set();
  return {
    /** Takes note of a reading. */
    note: (reading) => {
      if (reading.run !== run) {
        there.clear();
        gone.clear();
      }
      run = reading.run;
      const now = new Set(reading.rows.map(({ jti }) => jti));
      // Of many rows only the first are read, so one that is not among them may be there all the same.
      if (!reading.more) for (const jti of there.difference(now)) gone.add(jti);
      there = now;
    },
    /** Whether the row of a session was there, in this run, and is not any more. */
    saw: (jti) => gone.has(jti),
  };
}
