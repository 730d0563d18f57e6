import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { listenOnLoopback } from '../../support/loopback.ts';

/** What a shell makes of an `aws` command: the options that the AWS CLI would be given. */
export function optionsOfAws(command: string, answer = ''): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'aws-'));
  try {
    const script = `#!/bin/sh\n[ "$2" = query ] && { echo "${answer}"; exit; }\nprintf "%s\\0" "$@"\n`;
    writeFileSync(join(folder, 'aws'), script, { mode: 0o755 });
    const PATH = `${folder}${delimiter}${process.env.PATH}`;
    const words = execFileSync('sh', ['-c', command], { env: { ...process.env, PATH } })
      .toString()
      .split('\0');
    return new Map(
      words.flatMap((word, index) =>
        word.startsWith('--') ? [[word, words[index + 1] ?? ''] as const] : [],
      ),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A loopback server that knows one deployed stage: as much of Lambda and CloudWatch Logs as the commands ask. */
export interface FakeStage {
  /** For AWS_ENDPOINT_URL_LAMBDA and AWS_ENDPOINT_URL_CLOUDWATCH_LOGS. */
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Starts it on a free port.
 *
 * @param stage the stage's name; functions of another one are not there
 * @param variables what its functions have
 * @param lines what they have logged
 */
export async function startFakeStage(
  stage: string,
  variables: Readonly<Record<string, string>>,
  lines: () => readonly string[],
): Promise<FakeStage> {
  const group = `/aws/lambda/true-logout-${stage}-logout`;
  const server = createServer((request, response) => {
    const target = String(request.headers['x-amz-target'] ?? '').replace(/^.*\./, '');
    const answers: Readonly<Record<string, () => object>> = {
      [`GET /2015-03-31/functions/true-logout-${stage}-me/configuration`]: () => ({
        Environment: { Variables: variables },
      }),
      DescribeLogGroups: () => ({ logGroups: [{ logGroupName: group }] }),
      FilterLogEvents: () => ({ events: lines().map((message) => ({ message })) }),
    };
    const answer = answers[target || `${request.method} ${request.url}`];
    request.resume();
    response.writeHead(answer ? 200 : 404, {
      ...(answer ? {} : { 'X-Amzn-ErrorType': 'ResourceNotFoundException' }),
      'Content-Type': target ? 'application/x-amz-json-1.1' : 'application/json',
    });
    response.end(JSON.stringify(answer?.() ?? { message: 'not of this stage' }));
  });
  const { url, close } = await listenOnLoopback(server);
  return { endpoint: url, close };
}
