import type { Row } from '../lib/sessions/rows.ts';
import { MIN_TIME_MS } from '../lib/sessions/session.ts';

/** Most characters of a value that is shown. */
const MAX_SHOWN = 200;

/**
 * A value that somebody else chose, such as a claim, for a terminal: as JSON, cut, without control
 * characters.
 */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? 'absent';
  const isLong = json.length > MAX_SHOWN;
  return printable(
    isLong ? `${json.slice(0, MAX_SHOWN)}… (${json.length} characters in all)` : json,
  );
}

/** Writes out what a terminal would act on or hide: control, format and unassigned characters, line breaks. */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}

/** A time of day for people, in UTC; a value that is no time is {@link shown}. */
export function shownTime(value: unknown, unitMs: number): string {
  const epochMs = typeof value === 'number' ? value * unitMs : Number.NaN;
  return Math.abs(epochMs) <= 8.64e15 ? new Date(epochMs).toISOString() : shown(value);
}

/** A row's attributes beside its key, for a terminal. */
export function shownRow(row: Row): string {
  return Object.entries(row)
    .filter(([name]) => name !== 'sub' && name !== 'jti')
    .map(([name, value]) => {
      const unitMs = name === 'expires_at' ? 1_000 : 1;
      const isTime = typeof value === 'number' && value * unitMs >= MIN_TIME_MS;
      return `${name} ${isTime ? shownTime(value, unitMs) : shown(value)}`;
    })
    .join(', ');
}
