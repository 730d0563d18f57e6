/** JSON Schema 2020-12, as in OpenAPI 3.1. The linter checks the keywords. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Reference {
  readonly $ref: string;
}

export interface Example {
  readonly summary?: string;
  readonly value: unknown;
}

export interface Header {
  readonly description: string;
  /** Whether the header is always sent. */
  readonly required: boolean;
  readonly schema: Schema;
}

export interface MediaType {
  readonly schema: Schema | Reference;
  readonly examples: Readonly<Record<string, Example>>;
}

/** A response; without `content` the response has no body. */
export interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header | Reference>>;
  readonly content?: Readonly<Record<string, MediaType>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'path';
  readonly required?: boolean;
  readonly description: string;
  readonly schema: Schema;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

/** Operations of a path, by method in lower case. */
export type PathItem = Readonly<Partial<Record<'get' | 'post' | 'delete', Operation>>>;
