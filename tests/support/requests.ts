import type { APIGatewayProxyEvent, APIGatewayProxyEventV2 } from 'aws-lambda';
import { eventV1, eventV2 } from './events.ts';

/** A request with parameters; several values under a name are a repeated parameter. */
export interface RequestWithParameters {
  readonly method: string;
  readonly path: string;
  /** Sent as a bearer token; no header at all without one. */
  readonly token?: string | undefined;
  readonly query?: Readonly<Record<string, string | readonly string[]>>;
  /** The `{id}` of the route. */
  readonly id?: string;
}

/** Payload format 2.0: repeated parameters are joined by commas. */
export function requestV2({
  query = {},
  id,
  token,
  ...rest
}: RequestWithParameters): APIGatewayProxyEventV2 {
  const entries = Object.entries(query).map(([name, value]) => [name, String(value)]);
  return {
    ...eventV2({ ...rest, headers: authorization(token) }),
    ...(entries.length > 0 ? { queryStringParameters: Object.fromEntries(entries) } : {}),
    ...(id === undefined ? {} : { pathParameters: { id } }),
  };
}

/** Payload format 1.0: every value in one map, the last in the other. */
export function requestV1({
  query = {},
  id,
  token,
  ...rest
}: RequestWithParameters): APIGatewayProxyEvent {
  const entries = Object.entries(query).map(([name, value]) => [name, [value].flat()] as const);
  return {
    ...eventV1({ ...rest, headers: authorization(token) }),
    ...(entries.length > 0
      ? {
          multiValueQueryStringParameters: Object.fromEntries(
            entries.map(([name, values]) => [name, [...values]]),
          ),
          queryStringParameters: Object.fromEntries(
            entries.map(([name, values]) => [name, values.at(-1)]),
          ),
        }
      : {}),
    ...(id === undefined ? {} : { pathParameters: { id } }),
  };
}

function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { Authorization: `Bearer ${token}` };
}

/** Both payload formats, for `describe.each`. */
export const FORMATS = [
  ['2.0', requestV2],
  ['1.0', requestV1],
] as const;
