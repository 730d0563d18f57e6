import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../support/loopback.ts';

/** An error of the API, or what may happen on the wire. */
export type SsmFault =
  | 'ParameterNotFound'
  | 'AccessDeniedException'
  | 'ThrottlingException'
  | 'hang'
  | 'stall'
  | 'reset';

/** A loopback server that speaks as much of SSM as GetParameter and PutParameter need. */
export interface FakeSsm {
  /** For AWS_ENDPOINT_URL_SSM. */
  readonly endpoint: string;
  /** Values by name. */
  readonly parameters: Map<string, string>;
  fault: SsmFault | undefined;
  /** Requests that have arrived, as their JSON. */
  readonly requests: Record<string, unknown>[];
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback interface. */
export async function startFakeSsm(): Promise<FakeSsm> {
  const server = createServer(async (request, response) => {
    const input: { Name: string; Value?: string } = JSON.parse(await text(request));
    response.sendDate = false; // tests move the date, and the SDK compares the clocks
    ssm.requests.push({ target: request.headers['x-amz-target'], ...input });
    if (!ssm.fault && input.Value !== undefined) ssm.parameters.set(input.Name, input.Value);
    answer(ssm, input.Name, response);
  });
  const { url, close } = await listenOnLoopback(server);
  const ssm: FakeSsm = {
    endpoint: url,
    parameters: new Map(),
    fault: undefined,
    requests: [],
    close,
  };
  return ssm;
}

function answer({ fault, parameters }: FakeSsm, name: string, response: ServerResponse): void {
  const value = parameters.get(name);
  const problem = fault ?? (value === undefined ? 'ParameterNotFound' : undefined);
  const type = { 'Content-Type': 'application/x-amz-json-1.1' };
  const parameter = JSON.stringify({
    Parameter: { Name: name, Type: 'SecureString', Value: value, Version: 1 },
  });
  switch (problem) {
    case undefined:
      response.writeHead(200, type).end(parameter);
      break;
    case 'hang':
      break;
    case 'stall':
      response.writeHead(200, type).write(parameter.slice(0, 20));
      break;
    case 'reset':
      response.socket?.resetAndDestroy();
      break;
    default:
      // AWS names the resource in words of its own.
      response.writeHead(400, type).end(
        JSON.stringify({
          __type: problem,
          message: `${problem}: no ssm:GetParameter on resource: arn:aws:ssm:us-east-1:123456789012:parameter/${name}`,
        }),
      );
  }
}
