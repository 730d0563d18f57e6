import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { openSessionStore, type SessionStore } from '../../lib/aws/dynamodb.ts';
import type { Signer } from '../../lib/login/issue.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import type { Environment } from '../../lib/shared/environment.ts';
import { targetEnvironment } from '../../local/target.ts';
import { UsageError } from '../../support/command-line.ts';
import { startOfflineService } from '../../support/offline-service.ts';
import { readRunFile } from '../../support/run-file.ts';
import { signerOf } from '../../support/signer.ts';
import { startStoreProcess } from '../../support/store-process.ts';

/** The service under test, and its store, to which this process is the login service. */
export interface Target extends AsyncDisposable {
  /** For example `http://localhost:3000/api/v1/auth`. */
  readonly api: string;
  readonly store: SessionStore;
  readonly signer: Signer;
  /** How far the service's clock may be from ours, in milliseconds. */
  readonly clockMarginMs: number;
}

/** Clocks of machines that keep time by NTP differ by less, in milliseconds. */
const OTHER_MACHINE_MARGIN_MS = 2_000;

/**
 * Starts the whole service on free ports, as `npm start` does, and its DynamoDB in a process beside it,
 * so that the two don't share one thread.
 *
 * @throws UsageError when a key variable of the shell makes it one that this process can't sign for
 */
export async function startTarget(): Promise<Target> {
  await using started = new AsyncDisposableStack();
  const { dynamoDb } = started.use(await startStoreProcess());
  const service = await startOfflineService({ AWS_ENDPOINT_URL_DYNAMODB: dynamoDb });
  started.defer(async () => void (await service.stop()));
  const environment = readRunFile(service.port) ?? {};
  Object.assign(process.env, environment);
  return target(service.url, environment, 0, started.move());
}

/** A service that runs already: a deployed stage, or a local run on the URL's port. */
export async function givenTarget(text: string, stage: string | undefined): Promise<Target> {
  const url = new URL(text);
  const environment = await targetEnvironment({ stage, port: Number(url.port || 80) });
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const origin = url.href.replace(/\/$/, '');
  return target(origin, environment, isLocal ? 0 : OTHER_MACHINE_MARGIN_MS);
}

async function target(
  url: string,
  environment: Environment,
  clockMarginMs: number,
  started = new AsyncDisposableStack(),
): Promise<Target> {
  const signer = await signerOf(environment);
  if (!signer)
    throw new UsageError('This service has only a public key, so this bench cannot log in there');
  const store = openSessionStore(environment.SESSIONS_TABLE ?? '');
  const stop = () => started.disposeAsync();
  const api = `${url}/api/v1/auth`;
  return { api, store, signer, clockMarginMs, [Symbol.asyncDispose]: stop };
}

/**
 * Deletes the rows of a user, as a cutoff has no TTL. The cutoff sorts before every UUID and goes last: the
 * sessions that it ended must not live again.
 */
export async function forget(store: SessionStore, sub: string): Promise<void> {
  const rows = await queryRows(store, sub);
  for (const { jti } of rows.toReversed())
    await store.client.send(new DeleteCommand({ TableName: store.table, Key: { sub, jti } }));
}
