import { createHmac, createSecretKey, randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { SessionStore } from '../../lib/aws/dynamodb.ts';
import { issueSession, type NewSession, type Signer } from '../../lib/login/issue.ts';

/** A throw-away secret of the tests; not one of the published ones that are refused. */
export const TEST_SECRET = 'kX3v9Qm2Zt7Rb5Wc8Yp1Ls6Nd4Hf0Jg-only-for-tests';

export const testSigner: Signer = {
  key: createSecretKey(Buffer.from(TEST_SECRET)),
  algorithm: 'HS256',
};

/** Issues a session of a fresh user for an hour, unless told otherwise. */
export async function issueTestSession(store: SessionStore, request: Partial<NewSession> = {}) {
  return issueSession(store, testSigner, { sub: 'alice', ttlSeconds: 3_600, ...request });
}

export type Issued = Awaited<ReturnType<typeof issueTestSession>>;

/** A user with a phone and a laptop. */
export async function issueTestDevices(
  store: SessionStore,
): Promise<{ readonly phone: Issued; readonly laptop: Issued }> {
  const sub = randomUUID();
  const device = () => issueTestSession(store, { sub });
  return { phone: await device(), laptop: await device() };
}

/** Base64url of a text, or of a value's JSON. */
export function encode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );
}

/**
 * Signs with HS256 what no library would: any header and any payload, as objects or as raw text.
 */
export function signRaw(
  header: unknown,
  payload: JWTPayload | string | Record<string, unknown>,
  secret: string = TEST_SECRET,
): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}
