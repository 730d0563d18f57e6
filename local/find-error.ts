import { parseArgs } from 'node:util';
import {
  CloudWatchLogsClient,
  paginateDescribeLogGroups,
  paginateFilterLogEvents,
} from '@aws-sdk/client-cloudwatch-logs';
import { runCommand, UsageError, wholeNumber } from '../support/command-line.ts';
import { printable } from '../support/printable.ts';
import { readRunLog } from '../support/run-log.ts';
import { openStage, type Stage } from './target.ts';

const USAGE = `Finds the one log line behind an X-Error-ID.

  npm run find-error -- <error id> [--stage dev [--region eu-west-1] [--days 14] | --port 3000]

Without --stage it looks in the log of the local run.`;

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/i;
const DAY_MS = 86_400_000;

/** `npm run find-error`: prints the line, field by field, and exits with 1 where there is none. */
export async function findError(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      stage: { type: 'string' },
      region: { type: 'string' },
      days: { type: 'string', default: '14' },
      port: { type: 'string', default: '3000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const id = (positionals[0] ?? '').toLowerCase();
  if (!UUID.test(id) || positionals.length !== 1)
    throw new UsageError(
      'Give one error id, as X-Error-ID has it: npm run find-error -- <error id> [--stage dev]',
    );
  const days = Number(values.days);
  if (!(days > 0 && days <= 3_650)) throw new UsageError('--days takes a number up to 3650');

  const found =
    values.stage === undefined
      ? findLocally(wholeNumber('--port', values.port, 65_535), id)
      : await findInStage(await openStage(values.stage, values.region), id, days);
  if (!found)
    throw new UsageError(
      `No line has this error id in ${values.stage === undefined ? `the local run on port ${values.port}` : `the last ${days} days of stage ${values.stage}`}`,
    );
  for (const [name, value] of Object.entries(found))
    process.stdout.write(`${name.padEnd(12)} ${shownLines(value).join(`\n${' '.repeat(13)}`)}\n`);
}

function shownLines(value: unknown): readonly string[] {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.split('\n').map(printable);
}

type Line = Readonly<Record<string, unknown>>;

function findLocally(port: number, id: string): Line | undefined {
  const line = readRunLog(port).find((candidate) => candidate.includes(`"error_id":"${id}"`));
  return line === undefined ? undefined : JSON.parse(line);
}

async function findInStage(
  { stack, region }: Stage,
  id: string,
  days: number,
): Promise<Line | undefined> {
  const client = new CloudWatchLogsClient({});
  const logGroupNamePrefix = `/aws/lambda/${stack}-`;
  let groups = 0;
  for await (const { logGroups } of paginateDescribeLogGroups({ client }, { logGroupNamePrefix }))
    for (const { logGroupName } of logGroups ?? []) {
      groups += 1;
      const search = {
        logGroupName: logGroupName ?? '',
        filterPattern: `{ $.error_id = "${id}" }`,
        startTime: Date.now() - days * DAY_MS,
      };
      for await (const { events } of paginateFilterLogEvents({ client }, search))
        for (const { message = '', logStreamName } of events ?? []) {
          // A server that knows no such patterns, as those for tests, answers with every line.
          if (!message.includes(`"error_id":"${id}"`)) continue;
          return { log_group: logGroupName, log_stream: logStreamName, ...JSON.parse(message) };
        }
    }
  if (groups === 0) throw new UsageError(`${stack} has no log groups in ${region}`);
  return undefined;
}

if (import.meta.main) await runCommand(findError);
