import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { openApiDocument } from '../../lib/openapi/document.ts';
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
type Document = Pick<typeof openApiDocument, 'paths' | 'components'>;

/** What HTTP servers, the gateway and CORS add: no part of the contract. */
const TRANSPORT =
  /^(connection|content-encoding|content-length|content-type|date|keep-alive|transfer-encoding|vary|accept-ranges|apigw-requestid|access-control-.+)$/;

/**
 * Holds answers to an OpenAPI document: that there is such an endpoint and such a status, and that the
 * content type, the headers and the body are what it says, no less and no more. What a 500 may leave out as
 * the gateway may give it, only the gateway's, a `message` and nothing else, may: the service's own is held
 * to its seven keys, with all headers, and to say the same error id in both.
 *
 * @returns a check, which throws an Error that names every difference
 */
export function contract(document: Document = openApiDocument): (exchange: Exchange) => void {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
  formats.default(ajv);
  // Strict mode refuses unknown keywords; those of the document's top level are no typing errors.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema({ ...document }, 'openapi');

  /** @param pointer to the schema in the document, as in a `$ref` */
  function differences(what: string, pointer: string, value: unknown): readonly string[] {
    const validate = ajv.getSchema(`openapi${pointer}`);
    if (!validate) throw new Error(`The document has no schema at ${pointer}`);
    return validate(value) ? [] : (validate.errors ?? []).map((error) => describe(what, error));
  }

  function headerDifferences(response: Located<Response>, exchange: Exchange): readonly string[] {
    const { headers } = exchange;
    const optional = isOfGateway(exchange);
    const documented = Object.entries(response.value.headers ?? {}).map(([name, header]) => ({
      name,
      ...locate(
        document.components.headers,
        header,
        `${response.pointer}/headers/${escaped(name)}`,
      ),
    }));
    const names = documented.map(({ name }) => name.toLowerCase());
    const unknown = [...headers.keys()].filter((name) => !TRANSPORT.test(name));
    return [
      ...unknown
        .filter((name) => !names.includes(name))
        .map((name) => `header ${name} is not documented`),
      ...documented.flatMap(({ name, pointer, value: { required } }) => {
        const value = headers.get(name);
        if (value === null) return optional && !required ? [] : [`header ${name} is missing`];
        return differences(`header ${name}`, `${pointer}/schema`, value);
      }),
    ];
  }

  function bodyDifferences(response: Located<Response>, exchange: Exchange): readonly string[] {
    const { headers, body, status } = exchange;
    const { content } = response.value;
    if (!content) return body === '' ? [] : ['body is not empty'];
    const [type = ''] = (headers.get('content-type') ?? '').split(';');
    if (!(type in content)) return [`content type ${type} is not documented`];
    const value = parse(body);
    if (value === undefined) return ['body is no JSON'];
    if (status !== 500 || isOfGateway(exchange))
      return differences('body', `${response.pointer}/content/${escaped(type)}/schema`, value);
    const found = differences('body', '#/components/schemas/UnhandledError', value);
    if (found.length > 0) return found;
    return isObject(value) && value.error_id === headers.get('x-error-id')
      ? []
      : ['header X-Error-ID is another id'];
  }

  return (exchange) => {
    const { method, path, status } = exchange;
    const operation = findOperation(document, method, path);
    const response = operation && findResponse(document, operation, status);
    const found = !operation
      ? ['no such endpoint']
      : !response
        ? ['no such status']
        : [...headerDifferences(response, exchange), ...bodyDifferences(response, exchange)];
    if (found.length > 0)
      throw new Error(
        `Not as documented: ${method} ${path} ${status}: ${found.join('; ')}\n${exchange.body}`,
      );
  };
}

/** A part of the document, and where it is. */
interface Located<Part> {
  readonly value: Part;
  readonly pointer: string;
}

function findOperation(
  { paths }: Document,
  method: string,
  path: string,
): Located<Operation> | undefined {
  const name = method.toLowerCase();
  // A literal path wins over one with a parameter (OpenAPI 3.1, "Path Templating Matching").
  const template = [path, ...Object.keys(paths)].find(
    (each) => each in paths && matches(each, path),
  );
  const item: Readonly<Record<string, Operation>> = (template && paths[template]) || {};
  const value = item[name];
  return value && { value, pointer: `#/paths/${escaped(`${template}`)}/${name}` };
}

function matches(template: string, path: string): boolean {
  const parts = template.split('/');
  const actual = path.split('/');
  return (
    parts.length === actual.length &&
    parts.every((part, index) => part === actual[index] || (/^\{.+\}$/.test(part) && actual[index]))
  );
}

function findResponse(
  document: Document,
  { value, pointer }: Located<Operation>,
  status: number,
): Located<Response> | undefined {
  // The exact status wins over a range (OpenAPI 3.1, "Responses Object").
  const name = [`${status}`, `${status}`.replace(/..$/, 'XX')].find(
    (each) => each in value.responses,
  );
  const response = name === undefined ? undefined : value.responses[name];
  const { responses } = document.components;
  return response && locate(responses, response, `${pointer}/responses/${name}`);
}

/** Follows a reference to one of the components of its kind; one level of them is all that there is. */
function locate<Part extends object>(
  components: Readonly<Record<string, Part>>,
  part: Part | Reference,
  pointer: string,
): Located<Part> {
  if (!('$ref' in part)) return { value: part, pointer };
  const reference = `${part.$ref}`;
  const value = components[reference.split('/').at(-1) ?? ''];
  if (!value) throw new Error(`The document has no ${reference}`);
  return { value, pointer: reference };
}

/** RFC 6901, and percent-encoded as a fragment. */
function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function describe(what: string, { instancePath, message, params }: ErrorObject): string {
  return `${what}${instancePath} ${message} ${JSON.stringify(params)}`;
}

/** What the gateway says for a function that said nothing: a `message`, and nothing else. */
function isOfGateway({ status, body }: Exchange): boolean {
  const value = parse(body);
  return status >= 500 && isObject(value) && Object.keys(value).join() === 'message';
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // no JSON, which is a difference
  }
}
