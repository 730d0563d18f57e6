import { afterEach, beforeEach } from '@jest/globals';
import { late } from './late.ts';

/** What a function wrote to its log since the capture began. */
export interface CapturedLog {
  /** Every line, of standard output and standard error: Lambda sends both to the log. */
  lines(): readonly string[];
  /** The lines as the objects that they should be; throws on one that is no JSON. */
  entries(): readonly Record<string, unknown>[];
  /** The entries but for the metrics, which CloudWatch takes out of the log. */
  outcomes(): readonly Record<string, unknown>[];
  /** Forgets what was written so far. */
  clear(): void;
  /** Gives the streams back. */
  stop(): void;
}

/** Captures what this process writes, instead of letting it out. */
export function captureLog(): CapturedLog {
  const streams = [process.stdout, process.stderr];
  const originals = streams.map((stream) => stream.write);
  let written: string[] = [];
  for (const stream of streams) {
    stream.write = (
      chunk: string | Uint8Array,
      encodingOrDone?: BufferEncoding | ((error?: Error | null) => void),
      done?: (error?: Error | null) => void,
    ) => {
      const text = String(chunk);
      // Jest's own progress display on a terminal; JSON never holds a raw escape character.
      if (!text.includes('\u001b')) written.push(text);
      const callback = typeof encodingOrDone === 'function' ? encodingOrDone : done;
      callback?.();
      return true;
    };
  }
  const lines = () =>
    written
      .join('')
      .split('\n')
      .filter((line) => line !== '');
  const entries = () => lines().map((line): Record<string, unknown> => JSON.parse(line));
  return {
    lines,
    entries,
    outcomes: () => entries().filter((entry) => !('_aws' in entry)),
    clear: () => {
      written = [];
    },
    stop: () => {
      streams.forEach((stream, index) => {
        const original = originals[index];
        if (original) stream.write = original;
      });
    },
  };
}

/** Registers a capture of the log for each test of a file. */
export function useLog(): CapturedLog {
  let log: CapturedLog;
  beforeEach(() => {
    log = captureLog();
  });
  afterEach(() => log.stop());
  return late(() => log);
}
