import type { IncomingMessage } from 'node:http';
import { HttpRequest, HttpResponse, loadJsonRpcErrorCode } from '@smithy/core/protocols';
import type { TypeRegistry } from '@smithy/core/schema';
import type {
  $ClientProtocol,
  $Codec,
  $OperationSchema,
  EndpointV2,
  HandlerExecutionContext,
  MetadataBearer,
  ResponseMetadata,
} from '@smithy/types';
import { defined, isObject, parseJson } from '../shared/json.ts';

/** Settings that an SDK client passes to its protocol. */
export interface ServiceSettings {
  /** First part of `X-Amz-Target`: `DynamoDB_20120810`. */
  readonly serviceTarget: string;
  /** The service's exceptions by their schemas. */
  readonly errorTypeRegistries: readonly TypeRegistry[];
}

type Protocol = $ClientProtocol<HttpRequest, HttpResponse>;

/**
 * AWS JSON 1.0 and 1.1 for SDK clients, in place of the SDK's implementation: input and output are the
 * JSON bodies, unchanged.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 *
 * The SDK's implementation walks schemas to convert binary values and dates, which this service never
 * sends; binary attributes of rows stay base64. Measured without this file: a warm logout takes 1.4
 * times the CPU, and each bundle grows by 33 kB.
 *
 * @param version of the protocol: DynamoDB speaks 1.0, SSM 1.1
 */
export function awsJson(version: '1.0' | '1.1'): new (service: ServiceSettings) => Protocol {
  return class AwsJson implements Protocol {
    readonly #service: ServiceSettings;

    constructor(service: ServiceSettings) {
      this.#service = service;
    }

    getShapeId(): string {
      return `aws.protocols#awsJson${version.replace('.', '_')}`;
    }

    getRequestType() {
      return HttpRequest;
    }

    getResponseType() {
      return HttpResponse;
    }

    getPayloadCodec(): $Codec<never, never> {
      throw new Error('JSON needs no codec here');
    }

    setSerdeContext(): void {}

    async serializeRequest<Input extends object>(
      { name }: $OperationSchema,
      input: Input,
      { endpointV2 }: HandlerExecutionContext,
    ): Promise<HttpRequest> {
      const request = new HttpRequest({
        method: 'POST',
        headers: {
          'content-type': `application/x-amz-json-${version}`,
          'x-amz-target': `${this.#service.serviceTarget}.${name}`,
          // For CloudTrail. The SDK builds its own anew for every request.
          'user-agent': 'true-logout',
        },
        // Node sends a string together with the headers, but bytes in a second packet.
        body: JSON.stringify(input),
      });
      if (!endpointV2) throw new Error('The SDK has found no endpoint');
      return this.updateServiceEndpoint(request, endpointV2);
    }

    updateServiceEndpoint(request: HttpRequest, { url }: EndpointV2): HttpRequest {
      const { protocol, hostname, port, pathname } = url;
      return Object.assign(request, {
        protocol,
        hostname,
        port: port === '' ? undefined : Number(port),
        path: pathname.endsWith('/') ? pathname : `${pathname}/`,
      });
    }

    /** @throws the service's exception for a status of 300 or more */
    async deserializeResponse<Output extends MetadataBearer>(
      _operation: $OperationSchema,
      _context: HandlerExecutionContext,
      response: HttpResponse,
    ): Promise<Output> {
      const text = await textOf(response.body);
      const $metadata: ResponseMetadata = {
        httpStatusCode: response.statusCode,
        ...defined({ requestId: response.headers['x-amzn-requestid'] }),
      };
      const failed = response.statusCode >= 300;
      // A failure may consist of headers only; the body of a success is at least {}.
      const body = failed && text === '' ? {} : parseJson(text);
      if (!isObject(body)) {
        const problem = `The service’s answer (status ${response.statusCode}) is no JSON object`;
        throw Object.assign(new SyntaxError(problem), { $metadata });
      }
      if (failed) throw this.#exception(body, response, $metadata);
      return { ...body, $metadata } as Output & typeof body;
    }

    #exception(
      body: Record<string, unknown>,
      response: HttpResponse,
      $metadata: ResponseMetadata,
    ): Error {
      const name = loadJsonRpcErrorCode(response, body) ?? 'Unknown';
      const message = String(body.message ?? body.Message ?? `status ${response.statusCode}`);
      const Exception = exceptionClass(name, this.#service.errorTypeRegistries);
      const $fault = response.statusCode < 500 ? 'client' : 'server';
      const properties = { name, message, $fault, $metadata };
      return Object.assign(new Exception(properties), properties);
    }
  };
}

/** Finds the exception class of a name, else the service's base class. */
function exceptionClass(name: string, registries: readonly TypeRegistry[]) {
  for (const registry of registries) {
    const schema = registry.find((each) => Array.isArray(each) && each[2] === name);
    if (Array.isArray(schema)) return registry.getErrorCtor(schema as never);
  }
  for (const registry of registries) {
    const base = registry.getBaseException();
    if (base) return registry.getErrorCtor(base);
  }
  return Error;
}

/** Reads a body; rejects when the connection ends early. Cheaper than a stream's async iterator. */
function textOf(body: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    body
      .setEncoding('utf8')
      .on('data', (part: string) => {
        text += part;
      })
      .once('end', () => resolve(text))
      .once('error', reject);
  });
}
