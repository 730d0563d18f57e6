/**
 * npm run dashboard: draws docs/dashboard.svg. The dashboard is the one that deploys, taken out of the
 * packaged template; the numbers are those of a minute of mixed traffic against a local run, whose store
 * fails twice for a few seconds. What only AWS measures has no data, and the picture says so.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openSessionStore } from '../lib/aws/dynamodb.ts';
import { type FaultName, startFaultProxy } from '../support/fault-proxy.ts';
import { startService } from '../tests/support/service.ts';
import { UsageError } from './arguments.ts';
import { draw, type Recording } from './dashboard/draw.ts';
import { durationSamples, embeddedSamples, gatewaySamples } from './dashboard/samples.ts';
import { traffic } from './dashboard/traffic.ts';
import { dashboardWidgets } from './dashboard/widgets.ts';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.ts';
import { readRunLog } from './run-log.ts';
import { signerOf } from './signer.ts';
import { runCommand } from './target.ts';

const STAGE = 'dev';
const PERIOD_MS = 3_000;
const PERIODS = 20;
const PICTURE = new URL('../docs/dashboard.svg', import.meta.url);

/** What happens to the store, and when, in milliseconds from the start. */
const FAULTS: readonly { readonly from: number; readonly to: number; readonly name: FaultName }[] =
  [
    { from: 18_000, to: 21_000, name: 'throttle' },
    { from: 42_000, to: 45_000, name: 'internal-error' },
  ];

async function renderDashboard(): Promise<void> {
  const widgets = dashboardWidgets(await packagedTemplate());
  const recording = await record();
  const title = `true-logout-${STAGE}: the deployed dashboard, with the numbers of ${(PERIODS * PERIOD_MS) / 1_000} s of a local run, ${PERIOD_MS / 1_000} s a point`;
  writeFileSync(PICTURE, draw(title, widgets, recording));
  process.stdout.write(`docs/dashboard.svg: ${recording.samples.length} values\n`);
}

async function packagedTemplate() {
  const directory = mkdtempSync(join(tmpdir(), 'dashboard-'));
  try {
    const serverless = fileURLToPath(new URL('../node_modules/.bin/serverless', import.meta.url));
    const args = ['package', '--stage', STAGE, '--package', directory];
    await promisify(execFile)(serverless, args, { timeout: 120_000 });
    const file = join(directory, 'cloudformation-template-update-stack.json');
    return JSON.parse(readFileSync(file, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function record(): Promise<Recording> {
  await using running = new AsyncDisposableStack();
  const dynamoDb = await startEmbeddedDynamoDb();
  running.defer(() => dynamoDb.stop());
  const wire = await startFaultProxy(dynamoDb.endpoint);
  running.defer(() => wire.close());
  const service = await startService({ AWS_ENDPOINT_URL_DYNAMODB: wire.endpoint });
  running.defer(async () => void (await service.stop()));

  const { environment } = service;
  const signer = await signerOf(environment);
  if (!signer)
    throw new UsageError('Unset the key variables of the shell: tokens have to be signed');
  Object.assign(process.env, environment, { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint });
  const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
  const start = Date.now();
  let current: FaultName | undefined;
  const requests = await traffic(
    { api: `${service.url}/api/v1/auth`, store, signer },
    start + PERIODS * PERIOD_MS,
    async (sent) => {
      const now = Date.now() - start;
      const next = FAULTS.find(({ from, to }) => now >= from && now < to)?.name;
      if (next !== current) await (next ? wire.fault(next) : wire.clear());
      current = next;
      if (process.stderr.isTTY)
        process.stderr.write(`\r${Math.round(now / 1_000)} s, ${sent} requests `);
    },
  );
  if (process.stderr.isTTY) process.stderr.write('\n');
  const lines = readRunLog(service.port);
  return {
    samples: [
      ...embeddedSamples(lines),
      ...gatewaySamples(requests),
      ...durationSamples(service.output(), requests, STAGE),
    ],
    errors: lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'error'),
    start,
    periodMs: PERIOD_MS,
    periods: PERIODS,
  };
}

await runCommand(renderDashboard);
