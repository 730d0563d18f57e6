import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { hashId } from '../../lib/observability/hash-id.ts';
import { logSalt } from '../../lib/observability/settings.ts';
import { useSharedStack } from '../support/shared-stack/open.ts';
import { signRaw } from '../support/signing.ts';

const { stack } = useSharedStack();

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Headers;
}

async function call(method: string, path: string, authorization?: string): Promise<Answer> {
  const response = await stack.service.fetch(`/api/v1/auth/${path}`, {
    method,
    headers: authorization === undefined ? {} : { Authorization: authorization },
  });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

const logout = (token: string) => call('POST', 'logout', `Bearer ${token}`);
const me = (token: string) => call('GET', 'me', `Bearer ${token}`);

const LOGGED_OUT = { status: 200, body: '{"message":"Successfully logged out"}' };
const DEAD = { status: 401, body: '{"detail":"Could not validate credentials"}' };

describe('happy path', () => {
  test('a live session is shown, logged out, and refused at the next request', async () => {
    const { token, session } = await stack.issue({
      claims: { name: 'Alice', email: 'alice@example.com', email_verified: true, role: 'admin' },
    });
    const shown = await me(token);
    expect(shown.status).toBe(200);
    expect(JSON.parse(shown.body)).toEqual({
      sub: stack.user('alice'),
      session: {
        id: Buffer.from(session.jti).toString('base64url'),
        auth_time: new Date(session.auth_time).toISOString(),
        expires_at: new Date(session.expires_at * 1_000).toISOString(),
      },
      name: 'Alice',
      email: 'alice@example.com',
      email_verified: true,
    });
    expect(await logout(token)).toMatchObject(LOGGED_OUT);
    const refused = await me(token);
    expect(refused).toMatchObject(DEAD);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  test('every answer is JSON that no cache keeps', async () => {
    const { token } = await stack.issue();
    for (const answer of [await me(token), await logout(token), await me(token), await me('')]) {
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('tokens that open nothing still log out', () => {
  const nowSeconds = Math.floor(Date.now() / 1_000);
  const claims = { sub: 'alice', jti: 'no-such-session', exp: nowSeconds + 3_600 };
  const foreign = signRaw({ alg: 'HS256' }, claims, 'another-secret-0123456789-abcdefghijk');
  test.each([
    ['garbage', 'garbage'],
    ['foreign signature', foreign],
  ])('invalid: %s', async (_, token) => {
    expect(await logout(token)).toMatchObject(LOGGED_OUT);
    expect(await me(token)).toMatchObject(DEAD);
  });

  test('expired: its session, should there still be one, ends', async () => {
    const { token, session } = await stack.issue({ ttlSeconds: -60 });
    expect(await me(token)).toMatchObject(DEAD);
    expect(await logout(token)).toMatchObject(LOGGED_OUT);
    const { Items } = await stack.store.client.send(
      new ScanCommand({ TableName: stack.store.table, ConsistentRead: true }),
    );
    expect(Items?.filter(({ jti }) => jti === session.jti)).toEqual([]);
  });
});

describe('idempotency', () => {
  test('fifty at once are fifty 200s, and one row deleted', async () => {
    const { token, session } = await stack.issue();
    const answers = await Promise.all(Array.from({ length: 50 }, () => logout(token)));
    expect(answers.map(({ status, body }) => ({ status, body }))).toEqual(
      Array.from({ length: 50 }, () => LOGGED_OUT),
    );
    const hash = hashId(session.jti, logSalt(stack.service.environment));
    const lines = stack.service.log().filter((line) => line.includes(`"jti_hash":"${hash}"`));
    const saying = (event: string) => lines.filter((line) => line.includes(`"message":"${event}"`));
    expect(saying('logout.ended')).toHaveLength(1);
    expect(saying('logout.already_ended')).toHaveLength(49);
    expect(await me(token)).toMatchObject(DEAD);
  });
});

describe('header table', () => {
  const notAuthenticated = { status: 403, body: '{"detail":"Not authenticated"}' };
  const wrongScheme = { status: 403, body: '{"detail":"Invalid authentication credentials"}' };
  test.each([
    ['no header', undefined, notAuthenticated, notAuthenticated],
    ['an empty header', '', notAuthenticated, notAuthenticated],
    ['a scheme and a space', 'Bearer ', notAuthenticated, notAuthenticated],
    ['Basic', 'Basic abc', wrongScheme, wrongScheme],
    ['a tab for a space', 'Bearer\tx', notAuthenticated, notAuthenticated],
    ['another case', 'bEaReR x', LOGGED_OUT, DEAD],
    ['two spaces', 'Bearer  x', LOGGED_OUT, DEAD],
  ])('%s', async (_, authorization, logoutAnswer, meAnswer) => {
    expect(await call('POST', 'logout', authorization)).toMatchObject(logoutAnswer);
    expect(await call('GET', 'me', authorization)).toMatchObject(meAnswer);
  });
});

describe('browsers', () => {
  test('a preflight request is answered, and scripts may read X-Error-ID', async () => {
    const response = await stack.service.fetch('/api/v1/auth/logout', {
      method: 'OPTIONS',
      headers: {
        Origin: 'https://app.example.com',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization',
      },
    });
    expect(response.ok).toBe(true);
    expect(response.headers.get('access-control-allow-headers')?.toLowerCase()).toContain(
      'authorization',
    );
    const answer = await stack.service.fetch('/api/v1/auth/me', {
      headers: { Origin: 'https://app.example.com' },
    });
    expect(answer.headers.get('access-control-expose-headers')).toContain('X-Error-ID');
  });
});
