import { fileURLToPath } from 'node:url';
import {
  type OfflineService,
  startOffline,
  startOfflineService,
} from '../../support/offline-service.ts';
import { type RunEnvironment, readRunFile } from '../../support/run-file.ts';
import { contract } from './contract.ts';

/** Ways to ask a service, which throw for an answer that is not as documented. */
export interface Endpoints {
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** @param endpoint such as `logout?scope=others` */
  ask(method: string, endpoint: string, token: string): Promise<Response>;
  /** The status of `/me`: whether a token is let in. */
  me(token: string): Promise<number>;
}

/** The whole service as `npm start` runs it. */
export interface RunningService extends OfflineService, Endpoints {
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
    ...endpointsOf(service.fetch),
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

/** @param send to the service */
export function endpointsOf(send: Endpoints['fetch']): Endpoints {
  const fetch = documented(send);
  const ask: Endpoints['ask'] = (method, endpoint, token) =>
    fetch(`/api/v1/auth/${endpoint}`, { method, headers: { Authorization: `Bearer ${token}` } });
  return { fetch, ask, me: async (token) => (await ask('GET', 'me', token)).status };
}

/**
 * Sends requests as it is told, and holds every answer to the OpenAPI document, so that neither can change
 * without the other. A preflight is the gateway's to answer, and no endpoint.
 */
export function documented(send: Endpoints['fetch']): Endpoints['fetch'] {
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
