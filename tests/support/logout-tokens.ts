import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { eventV2 } from './events.ts';
import { type KeyPair, signWith } from './key-pairs.ts';

export const PROVIDER = 'https://op.example';
/** The client id for which the provider's logout tokens are. */
export const CLIENT = 'web';
/** A member of `events`: http, not https. */
export const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';
export const BACKCHANNEL_PATH = '/api/v1/auth/backchannel-logout';

const seconds = () => Math.floor(Date.now() / 1_000);

/** Claims of a logout token as oidc-provider sends it; a change to undefined takes a claim away. */
export function logoutClaims(changes: Readonly<Record<string, unknown>> = {}): JWTPayload {
  const claims = {
    ...{ iss: PROVIDER, aud: CLIENT, iat: seconds(), exp: seconds() + 120, jti: randomUUID() },
    events: { [LOGOUT_EVENT]: {} },
    ...changes,
  };
  return Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== undefined));
}

/** Signs a logout token as oidc-provider does. */
export async function logoutToken(
  key: KeyPair,
  changes: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  return signWith(key, logoutClaims(changes), { typ: 'logout+jwt', kid: 'k1', ...header });
}

export const FORM_TYPE = 'application/x-www-form-urlencoded';

/** A sender's request, with the body as HTTP APIs hand it over unless told otherwise. */
export function backchannelEvent(
  body: string,
  { type = FORM_TYPE, isBase64Encoded = true } = {},
): Record<string, unknown> {
  return {
    ...eventV2({ path: BACKCHANNEL_PATH, headers: { 'content-type': type } }),
    body: isBase64Encoded ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded,
  };
}

/** The form of a logout token. */
export function logoutForm(token: string, more: Readonly<Record<string, string>> = {}): string {
  return new URLSearchParams({ logout_token: token, ...more }).toString();
}
