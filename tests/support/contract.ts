import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { completeDocument } from '../../lib/openapi/document.ts';
import type { Operation } from '../../lib/openapi/paths.ts';
import type { Response } from '../../lib/openapi/responses.ts';
import type { Reference } from '../../lib/openapi/schemas.ts';
import { isObject } from '../../lib/shared/json.ts';

/** What was asked, and what came back. */
export interface Exchange {
  readonly method: string;
  /** Without the query; below the service's base path. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** The part of a document that answers are held to. */
type Document = Pick<typeof completeDocument, 'paths' | 'components'>;

/** What HTTP servers, the gateway and CORS add: no part of the contract. */
const TRANSPORT =
  /^(connection|content-encoding|content-length|date|keep-alive|transfer-encoding|vary|accept-ranges|apigw-requestid|access-control-.+)$/;

/**
 * Holds answers to an OpenAPI document: that there is such an endpoint and such a status, and that the
 * content type, the headers and the body are what it says, no less and no more. What a 500 may leave out as
 * the gateway may give it, only the gateway's, a `message` and nothing else, may: the service's own is held
 * to its seven keys, with all headers, and to say the same error id in both.
 *
 * @returns a check, which throws an Error that names every difference
 */
export function contract(document: Document = completeDocument): (exchange: Exchange) => void {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  formats.default(ajv);
  // Strict mode refuses unknown keywords; those of the document's top level are no typing errors.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema({ ...document }, 'openapi');
  const compiled = new Map<string, ValidateFunction>();

  function differences(exchange: Exchange): readonly string[] {
    const { method, path, status, headers } = exchange;
    const operation = findOperation(document, method, path);
    if (!operation) return ['no such endpoint'];
    // The exact status wins over a range (OpenAPI 3.1, "Responses Object").
    const { [`${status}`]: exact, [`${status}`.replace(/..$/, 'XX')]: range } = operation.responses;
    const found = exact ?? range;
    if (!found) return ['no such status'];
    const response = followed(document.components.responses, found);
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    if (response.content && !(type in response.content))
      return [`content type ${type} is not documented`];

    const body = response.content ? parse(exchange.body) : exchange.body;
    const isOfGateway = status >= 500 && isObject(body) && Object.keys(body).join() === 'message';
    const isOwnFailure = status === 500 && !isOfGateway;
    const media: { readonly schema?: unknown } = { ...response.content?.[type] };
    const schema = JSON.stringify({
      type: 'object',
      required: ['body'],
      properties: {
        headers: headersSchema(document, response, isOfGateway),
        body: isOwnFailure
          ? { $ref: '#/components/schemas/UnhandledError' }
          : (media.schema ?? { const: '' }),
      },
    }).replaceAll('"$ref":"#', '"$ref":"openapi#');
    const validate = compiled.get(schema) ?? ajv.compile(JSON.parse(schema));
    compiled.set(schema, validate);
    const sent = [...headers].filter(([name]) => !TRANSPORT.test(name));
    validate({ headers: Object.fromEntries(sent), body });
    const isOtherId = isOwnFailure && isObject(body) && body.error_id !== headers.get('x-error-id');
    return [
      ...(validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${instancePath} ${message} ${JSON.stringify(params)}`,
      ),
      ...(isOtherId ? ['X-Error-ID is another id'] : []),
    ];
  }

  return (exchange) => {
    const found = differences(exchange);
    const { method, path, status, body } = exchange;
    if (found.length > 0)
      throw new Error(
        `Not as documented: ${method} ${path} ${status}: ${found.join('; ')}\n${body}`,
      );
  };
}

function findOperation({ paths }: Document, method: string, path: string): Operation | undefined {
  // A literal path wins over one with a parameter (OpenAPI 3.1, "Path Templating Matching").
  const template = [path, ...Object.keys(paths)].find(
    (each) => each in paths && new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const item: Readonly<Record<string, Operation>> = (template && paths[template]) || {};
  return item[method.toLowerCase()];
}

/** Every documented header and no other; the gateway's answers may lack those that are not required. */
function headersSchema({ components }: Document, response: Response, isOfGateway: boolean) {
  const headers = Object.entries(response.headers ?? {}).map(
    ([name, header]) => [name.toLowerCase(), followed(components.headers, header)] as const,
  );
  return {
    type: 'object',
    additionalProperties: false,
    required: headers.filter(([, { required }]) => required || !isOfGateway).map(([name]) => name),
    properties: {
      ...Object.fromEntries(headers.map(([name, { schema }]) => [name, schema])),
      'content-type': { type: 'string' }, // compared before
    },
  };
}

/** Follows a reference to one of the components of its kind; one level of them is all that there is. */
function followed<Part extends object>(
  components: Readonly<Record<string, Part>>,
  part: Part | Reference,
): Part {
  if (!('$ref' in part)) return part;
  const value = components[`${part.$ref}`.split('/').at(-1) ?? ''];
  if (!value) throw new Error(`The document has no ${part.$ref}`);
  return value;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // no JSON, which is a difference
  }
}
