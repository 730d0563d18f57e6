import { MAX_LIMIT } from '../sessions/list.ts';
import { isObject } from '../shared/json.ts';

/** An administrator's request. */
export type AdminRequest = {
  readonly user: string;
  readonly issuer: string | undefined;
} & (
  | { readonly operation: 'list'; readonly limit: number; readonly next: string | undefined }
  | ({ readonly operation: 'end'; readonly session: string } & Accountable)
  | ({ readonly operation: 'end-all' } & Accountable)
);

/** Who ends sessions, and why: both go into the log. */
export interface Accountable {
  readonly actor: string;
  readonly reason: string;
}

/** Longest `actor` and `reason`, in characters. */
export const MAX_TEXT_LENGTH = 200;

/** A wrong request, also when repeated. The message names the member and the fix. */
export class AdminRequestError extends Error {
  override readonly name = 'AdminRequestError';
}

const MEMBERS: Readonly<Record<AdminRequest['operation'], readonly string[]>> = {
  list: ['limit', 'next'],
  end: ['session', 'actor', 'reason'],
  'end-all': ['actor', 'reason'],
};

/**
 * Narrows the payload of an invocation.
 *
 * @throws AdminRequestError for an unknown operation, and for a missing, unknown or wrong member
 */
export function parseAdminRequest(payload: unknown): AdminRequest {
  const members = isObject(payload) ? payload : {};
  const { operation } = members;
  if (operation !== 'list' && operation !== 'end' && operation !== 'end-all')
    throw new AdminRequestError(`operation must be one of ${Object.keys(MEMBERS).join(', ')}`);
  const known = ['operation', 'user', 'issuer', ...MEMBERS[operation]];
  // A misspelt member, such as "sesion", must not widen what ends.
  const unknown = Object.keys(members).filter((name) => !known.includes(name)).length;
  if (unknown > 0)
    throw new AdminRequestError(
      `${operation} has ${unknown} unknown members; known are ${known.join(', ')}`,
    );
  const text = (name: string, maxLength = Number.POSITIVE_INFINITY) =>
    textOf(members[name], name, maxLength);
  const optional = (name: string) => (members[name] === undefined ? undefined : text(name));
  const subject = { user: text('user'), issuer: optional('issuer') };
  if (operation === 'list')
    return { ...subject, operation, limit: limitOf(members.limit), next: optional('next') };
  const accountable = {
    actor: text('actor', MAX_TEXT_LENGTH),
    reason: text('reason', MAX_TEXT_LENGTH),
  };
  return operation === 'end'
    ? { ...subject, ...accountable, operation, session: text('session') }
    : { ...subject, ...accountable, operation };
}

function textOf(value: unknown, name: string, maxLength: number): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new AdminRequestError(`${name} must be a text that is not empty`);
  if (value.length > maxLength)
    throw new AdminRequestError(`${name} must have at most ${maxLength} characters`);
  return value;
}

function limitOf(value: unknown = MAX_LIMIT): number {
  if (!Number.isInteger(value) || Number(value) < 1 || Number(value) > MAX_LIMIT)
    throw new AdminRequestError(`limit must be a whole number from 1 to ${MAX_LIMIT}`);
  return Number(value);
}
