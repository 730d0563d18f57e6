import { types } from 'node:util';
import { ParameterError } from '../infra/parameters.ts';

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

/** A command: gets its arguments, and answers an exit code where it is not 0. */
export type Command = (args: readonly string[]) => Promise<number> | Promise<void>;

/**
 * Runs a command as the process that it is.
 *
 * @param usageExitCode for a mistake in its use, where 1 is a result
 */
export async function runCommand(command: Command, usageExitCode = 1): Promise<void> {
  // A reader such as `head` may close the pipe when it has seen enough.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code === 'EPIPE') process.exit();
  });
  process.exitCode = await exitCodeOf(command, process.argv.slice(2), usageExitCode);
}

/** Runs a command to its exit code; a mistake in its use, or a server that does not answer or refuses, is one line. */
export async function exitCodeOf(
  command: Command,
  args: readonly string[],
  usageExitCode = 1,
): Promise<number> {
  try {
    return (await command(args)) ?? 0;
  } catch (error) {
    process.stderr.write(`${inOneLine(error) ?? describe(error)}\n`);
    return isMisuse(error) ? usageExitCode : 1;
  }
}

function isMisuse(error: unknown): boolean {
  const isOfOptions = codeOf(error).startsWith('ERR_PARSE_ARGS');
  return isOfOptions || error instanceof UsageError || error instanceof ParameterError;
}

function codeOf(error: unknown): string {
  return types.isNativeError(error) && 'code' in error ? String(error.code) : '';
}

const UNREACHABLE = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'ETIMEDOUT'];

function inOneLine(error: unknown): string | undefined {
  if (!types.isNativeError(error)) return undefined;
  if (isMisuse(error) || error.name === 'ConfigurationError') return error.message;
  // The SDK's: a service's refusal, or missing credentials.
  if ('$fault' in error || error.name === 'CredentialsProviderError')
    return `AWS refuses: ${error.name}: ${error.message.replaceAll('\n', ' ')}`;
  const codes = [error, error.cause].map(codeOf);
  const unreachable = codes.find((candidate) => UNREACHABLE.includes(candidate));
  return unreachable && `The server does not answer (${unreachable}): ${error.message}`;
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
