import { fileURLToPath } from 'node:url';
import {
  type OfflineService,
  startOffline,
  startOfflineService,
} from '../../support/offline-service.ts';
import { type RunEnvironment, readRunFile } from '../../support/run-file.ts';
import { contract } from './contract.ts';

/** The whole service as `npm start` runs it. Its `fetch` throws for an answer that is not as documented. */
export interface RunningService extends OfflineService {
  /** Variables of its functions, and the SDK's for its store. */
  readonly environment: RunEnvironment;
}

type Variables = Readonly<Record<string, string>>;

const EXAMPLE = fileURLToPath(new URL('../../examples/protected-api', import.meta.url));

/** Starts the service and waits until it is ready. */
export async function startService(environment: Variables = {}): Promise<RunningService> {
  const service = await startOfflineService(environment);
  return {
    ...service,
    fetch: documented(service.fetch),
    environment: readRunFile(service.port) ?? {},
  };
}

/** Starts examples/protected-api in front of a running service's authorizer. */
export async function startProtectedApi(
  service: Pick<OfflineService, 'lambdaUrl'>,
): Promise<OfflineService> {
  const environment = { LOCAL_LAMBDA_URL: service.lambdaUrl };
  return startOffline(EXAMPLE, ['--stage', 'local'], environment, 'Server ready');
}

/**
 * Sends requests as it is told, and holds every answer to the OpenAPI document, so that neither can change
 * without the other. A preflight is the gateway's to answer, and no endpoint.
 */
export function documented(send: OfflineService['fetch']): OfflineService['fetch'] {
  const check = contract();
  return async (path, init) => {
    const response = await send(path, init);
    const { method = 'GET' } = init ?? {};
    const { status, headers, url } = response;
    if (method !== 'OPTIONS')
      check({
        ...{ method, path: new URL(url).pathname, status, headers },
        body: await response.clone().text(),
      });
    return response;
  };
}
