/** A mistake in how a command was called, or in what it was pointed at: told in one line. */
export class UsageError extends Error {}

/** @throws UsageError naming the option, for anything but a whole number from 1 to `max` */
export function wholeNumber(option: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new UsageError(`${option} takes a whole number from 1 to ${max}`);
  return value;
}

/** @returns undefined where no port is named, so that the shell's variables come first */
export function portOption(text: string | undefined): number | undefined {
  return text === undefined ? undefined : wholeNumber('--port', text, 65_535);
}

/** @throws UsageError naming the option, for anything but a whole number from 1 to 9,999,999 */
export function positiveNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`${option} takes a whole number above 0`);
  return Number(text);
}
