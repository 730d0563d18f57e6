import { isObject, parseJson } from '../lib/shared/json.ts';
import { UsageError } from './command-line.ts';

/** Longest input, in bytes; the service refuses tokens of more than 8,192. */
const MAX_BYTES = 65_536;

/**
 * Refuses a command line that holds a token, or anything but options, before a parser of options quotes it.
 *
 * @throws UsageError without the argument
 */
export function refuseTokens(args: readonly string[]): void {
  const isOption = (text: string, index: number) =>
    text.startsWith('--') || args[index - 1]?.startsWith('--');
  if (args.every(isOption) && !args.some((text) => /eyJ|[\w-]{16,}\.[\w-]{16,}\./.test(text)))
    return;
  throw new UsageError(
    'Give the token on standard input, not as an argument: arguments stay in the shell’s history, and others on this machine can see them',
  );
}

/**
 * Reads the one token on standard input.
 *
 * @throws UsageError for anything that a client sends differently
 */
export async function readToken(): Promise<string> {
  const text = (await readInput()).replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  const json = parseJson(text);
  if (text === '') throw new UsageError('Standard input is empty: give the token there');
  if (isObject(json) && 'access_token' in json)
    throw new UsageError(
      'This is JSON with an access_token: give its value alone, such as by jq -r .access_token',
    );
  if (/^["[{]/.test(text))
    throw new UsageError('This is JSON: give the token alone, without quotes');
  if (/^(authorization:|bearer\s)/i.test(text))
    throw new UsageError('Give the token alone, without the header’s name and without Bearer');
  if (/[ \t\r\n]/.test(text))
    throw new UsageError('These are several words or lines: give one token');
  return text;
}

async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new UsageError(`Standard input has more than ${MAX_BYTES} bytes, so it is no token`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
