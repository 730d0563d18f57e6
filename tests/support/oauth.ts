import { hash } from 'node:crypto';
import type { TestRequest } from './events.ts';

/** An OAuth client that may introspect and revoke. */
export interface TestClient {
  readonly id: string;
  readonly secret: string;
}

export const CLIENT: TestClient = {
  id: 'a-gateway',
  secret: 'DGv3pGXkq5eYw1S7mZ4oR9tB2hN6cJ8uL0aF',
};

/** A client whose name and secret have to be encoded. */
export const ODD_CLIENT: TestClient = { id: 'a gateway: 100 % + ä', secret: 'odd+/=&%:ä secret' };

/** The value of OAUTH_CLIENTS: several secrets of one id are a rotation. */
export function clientsOf(...clients: readonly TestClient[]): string {
  const hashes = new Map<string, string>();
  for (const { id, secret } of clients)
    hashes.set(id, [hashes.get(id), hash('sha256', secret)].filter(Boolean).join(' '));
  return JSON.stringify(Object.fromEntries(hashes));
}

/** `client_secret_basic` (RFC 6749, section 2.3.1). */
export function basic({ id, secret }: TestClient): string {
  const encoded = [id, secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
  return `Basic ${Buffer.from(encoded.join(':')).toString('base64')}`;
}

const FORM = 'application/x-www-form-urlencoded';

/** A client's form, from its parameters or as text. */
export function oauthRequest(
  form: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = { Authorization: basic(CLIENT) },
): Pick<TestRequest, 'headers' | 'body'> {
  const body = new URLSearchParams(form).toString();
  return { headers: { 'Content-Type': FORM, ...headers }, body };
}
