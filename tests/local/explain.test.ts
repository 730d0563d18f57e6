import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { revokeAll } from '../../lib/login/issue.ts';
import { queryRows } from '../../lib/sessions/rows.ts';
import { endSession } from '../../lib/sessions/sessions.ts';
import { explain as command, USAGE_EXIT_CODE } from '../../local/explain.ts';
import { type CommandResult, callCommand, runCommand } from '../support/commands.ts';
import { startFakeStage } from '../support/fake-aws.ts';
import { startFakeSsm } from '../support/fake-ssm.ts';
import { issueTestSession, signRaw, TEST_SECRET } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

type Variables = Readonly<Record<string, string>>;

/** Has the command explain a token of the service that the variables of the shell name. */
function explain(input: string, variables: Variables = {}, ...args: readonly string[]) {
  return callCommand(command, args, environmentOf(variables), {
    ...{ input, usageExitCode: USAGE_EXIT_CODE },
  });
}

function environmentOf(variables: Variables): Variables {
  return {
    ...{ SESSIONS_TABLE: store.table, JWT_SECRET: TEST_SECRET },
    ...{ AWS_ENDPOINT_URL_DYNAMODB: store.endpoint, ...variables },
  };
}

/** The last two lines: what the service would answer. */
function answersOf({ output }: CommandResult): readonly string[] {
  return output
    .trimEnd()
    .split('\n')
    .slice(-2)
    .map((line) => line.trim().replace(/ +/, ' '));
}

const putRow = (row: Readonly<Record<string, unknown>>) =>
  store.client.send(new PutCommand({ TableName: store.table, Item: row }));

const LIVE = ['me 200', 'logout 200, and the session is over'];
const OVER = ['me 401', 'logout 200, and the session is over'];
const UNVERIFIED = ['me 401', 'logout 200, and ends nothing'];
const UNKNOWN = ['me 500', 'logout 500'];

describe('a token that opens the endpoints', () => {
  test('passes every check, and exits with 0; nothing of it is printed', async () => {
    const { token, session } = await issueTestSession(store);
    const result = await explain(`${token}\n`);
    expect(answersOf(result)).toEqual(LIVE);
    expect(result.code).toBe(0);
    expect(result.output).not.toMatch(/^FAIL|^-/m);
    expect(result.output).toContain(`session jti "${session.jti}"`);
    for (const part of token.split('.')) expect(result.output).not.toContain(part);
    expect(await queryRows(store, session.sub)).toContainEqual(session);
  });

  test('is told by which of two keys it is signed', async () => {
    const { token } = await issueTestSession(store);
    const before = 'Wq7Lr2Zk9Vn4Xc6Tb1Ys8Pd3Mf5Hg0Ja-before-the-rotation';
    const result = await explain(token, { JWT_SECRET: `${before} ${TEST_SECRET}` });
    expect(result.output).toMatch(/^ok +signature +key 2 of 2, kid absent$/m);
    expect(result.output).not.toContain(TEST_SECRET);
  });
});

describe('a session that is over', () => {
  const HOUR_MS = 3_600_000;
  test.each<[string, Readonly<Record<string, unknown>>, Variables, string]>([
    ['a refresh', { rotated_to: 'next' }, {}, 'a refresh replaced it'],
    ['a logout that keeps the row', { ended_at: Date.now() }, {}, 'a logout ended it at 20'],
    ['its expiry', { expires_at: 1_700_000_000 }, {}, 'its expires_at has passed'],
    ['its idle time', { last_seen: Date.now() - HOUR_MS }, { IDLE_TIMEOUT: '60' }, ''],
    ['its age', { auth_time: Date.now() - 2 * HOUR_MS }, { SESSION_MAX_AGE: '3600' }, 'older than'],
    [
      'the restart of the stack',
      { auth_time: Date.now() - HOUR_MS },
      { SESSIONS_NOT_BEFORE: new Date().toISOString() },
      'it began before SESSIONS_NOT_BEFORE, 20',
    ],
  ])('by %s is a 401 that says so', async (_, attributes, variables, reason) => {
    const { token, session } = await issueTestSession(store, { sub: randomUUID() });
    await putRow({ ...session, ...attributes });
    const result = await explain(token, variables);
    expect(result.output).toMatch(
      new RegExp(`^FAIL +session +session_(ended|idle): [^;\n]*${reason}[^;\n]*$`, 'm'),
    );
    expect(answersOf(result)).toEqual(OVER);
    expect(result.code).toBe(1);
  });

  test('by a logout has no row, and by one of everywhere a cutoff', async () => {
    const { token, session } = await issueTestSession(store, { sub: randomUUID() });
    await revokeAll(store, session.sub);
    const everywhere = await explain(token);
    expect(everywhere.output).toMatch(/^FAIL +session +session_ended: the cutoff covers it/m);
    expect(everywhere.output).toMatch(/^ +cutoff +revoked_before 20/m);
    await endSession(store, session);
    const alone = await explain(token);
    expect(alone.output).toMatch(/^FAIL +session +session_ended: no row: logged out/m);
    expect(answersOf(alone)).toEqual(OVER);
  });

  test('cannot be told where its row cannot be read, and me is a 500', async () => {
    const { token, session } = await issueTestSession(store);
    await putRow({ ...session, auth_time: 'yesterday' });
    const result = await explain(token);
    expect(answersOf(result)).toEqual(['me 500', 'logout 200, and the session is over']);
    await putRow({ ...session, rotated_to: 7 });
    expect(answersOf(await explain(token))).toEqual([
      'me 500',
      expect.stringMatching(/^logout 500: The session's rotated_to/),
    ]);
  });

  test('is not asked for by an expired token, which still ends it', async () => {
    const { session } = await issueTestSession(store);
    const { sub, jti } = session;
    const result = await explain(signRaw({ alg: 'HS256' }, { sub, jti, exp: 1_700_000_000 }));
    expect(result.output).toMatch(/^FAIL +times +expired: exp has passed/m);
    expect(result.output).toMatch(/^- +session +not asked for, as the token is expired$/m);
    expect(answersOf(result)).toEqual(OVER);
  });
});

describe('an adopted session', () => {
  const ADOPTED = { SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid' };
  const seconds = () => Math.floor(Date.now() / 1_000);
  const tokenOf = (claims: Readonly<Record<string, unknown>>) =>
    signRaw({ alg: 'HS256' }, { exp: seconds() + 600, sid: 'device', ...claims });

  test('without a row would be adopted, and is not', async () => {
    const sub = randomUUID();
    const result = await explain(tokenOf({ sub }), ADOPTED);
    expect(result.output).toMatch(/^ok +session +no row: the first check would adopt it/m);
    expect(answersOf(result)).toEqual(LIVE);
    expect(result.code).toBe(0);
    expect(await queryRows(store, sub)).toEqual([]);
  });

  test.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['is too old', { auth_time: seconds() - 120 }, 'session_ended: no row.*older than SESSION_MAX'],
    ['began in the future', { auth_time: seconds() + 900 }, 'invalid_auth_time: adopted sessions'],
    ['began at no time', { auth_time: 'now' }, 'invalid_auth_time'],
  ])('that %s would not be adopted', async (_, claims, reason) => {
    const result = await explain(tokenOf({ sub: randomUUID(), ...claims }), {
      ...ADOPTED,
      SESSION_MAX_AGE: '60',
    });
    expect(result.output).toMatch(new RegExp(`^FAIL +session +${reason}`, 'm'));
    expect(result.code).toBe(1);
  });

  test('that a logout of everywhere covers would not be adopted', async () => {
    const sub = randomUUID();
    await revokeAll(store, sub);
    const result = await explain(tokenOf({ sub, auth_time: seconds() - 60 }), ADOPTED);
    expect(result.output).toMatch(/session_ended: no row, and nothing is adopted; the cutoff/);
    expect(answersOf(result)).toEqual(OVER);
  });
});

describe('limits of sessions', () => {
  test('IDLE_TIMEOUT lets a session in whose last use is written by a check, and not by this', async () => {
    const { token, session } = await issueTestSession(store, { sub: randomUUID() });
    const row = { ...session, last_seen: Date.now() - 30_000 };
    await putRow(row);
    const result = await explain(token, { IDLE_TIMEOUT: '60' });
    expect(answersOf(result)).toEqual(LIVE);
    expect(await queryRows(store, session.sub)).toEqual([row]);
  });

  test.each<[string, number, readonly string[], RegExp]>([
    ['newer than all', 60, LIVE, /would adopt it.*; MAX_SESSIONS would end 1 for it$/m],
    ['older than all', -60, OVER, /session_ended: no row, and nothing is adopted; MAX_SESSIONS/],
  ])('MAX_SESSIONS counts a session that is %s, and ends none', async (_, later, answers, line) => {
    const sub = randomUUID();
    const now = Math.floor(Date.now() / 1_000) - 100;
    const row = { sub, jti: 'a', sid: 'a', auth_time: now * 1_000, expires_at: now + 9_000 };
    await putRow(row);
    const claims = { sub, sid: 'b', auth_time: now + later, exp: now + 9_000 };
    const result = await explain(signRaw({ alg: 'HS256' }, claims), {
      ...{ SESSIONS: 'adopted', JWT_SESSION_CLAIM: 'sid', MAX_SESSIONS: '1' },
    });
    expect(result.output).toMatch(line);
    expect(answersOf(result)).toEqual(answers);
    expect(await queryRows(store, sub)).toEqual([row]);
  });
});

describe('a service that cannot be asked', () => {
  test.each<[string, Variables, string]>([
    ['store', { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }, 'FAIL  store'],
    ['keys', { JWT_SECRET: '', JWT_JWKS_URL: 'http://127.0.0.1:9/' }, 'FAIL  key'],
    ['configuration', { JWT_SECRET: 'short' }, 'FAIL  variables  JWT_SECRET'],
  ])('because of its %s answers 500 to all', async (_, variables, line) => {
    const { token } = await issueTestSession(store);
    const usable = { ...variables, ...(variables.JWT_JWKS_URL && { JWT_ALGORITHMS: 'RS256' }) };
    const signed = variables.JWT_JWKS_URL ? token.replace(/^[^.]+/, encodeRs256()) : token;
    const result = await explain(signed, usable);
    expect(result.output).toContain(line);
    expect(answersOf(result)).toEqual(UNKNOWN);
    expect(result.code).toBe(1);
  });

  function encodeRs256(): string {
    return Buffer.from('{"alg":"RS256"}').toString('base64url');
  }
});

describe('what is no token', () => {
  test.each([
    ['nothing', '\n', 'Standard input is empty'],
    ['a megabyte', 'x'.repeat(1_048_576), 'more than 65536 bytes'],
    ['JSON of a token endpoint', '{"access_token":"a.b.c"}', 'jq -r .access_token'],
    ['a text in quotes', '"a.b.c"', 'without quotes'],
    ['the value of the header', 'Bearer a.b.c', 'without Bearer'],
    ['the whole header', 'authorization: bearer a.b.c', 'without Bearer'],
    ['several lines', 'a.b.c\nd.e.f', 'several words or lines'],
  ])('as %s is one line, and exits with 2', async (_, input, message) => {
    const { code, output } = await explain(input);
    expect(output).toContain(message);
    expect(output).toMatch(/^.+\n$/);
    expect(code).toBe(2);
  });

  test.each(['undefined', '\u0000', '\ufeffa.b.c', 'a.b.c.d.e'])(
    'and %j are explained as the service takes them',
    async (input) => {
      const result = await explain(input);
      expect(result.output).toMatch(/^FAIL +form +malformed: not three base64url parts/);
      expect(answersOf(result)).toEqual(UNVERIFIED);
      expect(result.code).toBe(1);
    },
  );
});

test.each([
  (token: string) => [token],
  (token: string) => ['--stage', token],
  (token: string) => [`--token=${token}`],
  (token: string) => ['Bearer', token],
])('a token among the arguments is refused, and not repeated (%#)', async (argsOf) => {
  const { token } = await issueTestSession(store);
  const { code, output } = await explain('', {}, ...argsOf(token));
  expect(output).toMatch(/^Give the token on standard input, not as an argument: .*history.*\n$/);
  for (const part of token.split('.')) expect(output).not.toContain(part);
  expect(code).toBe(2);
});

test('the process exits as said, and reads standard input', async () => {
  const run = (input: string, ...args: readonly string[]) =>
    runCommand(process.execPath, ['local/explain.ts', ...args], environmentOf({}), input);
  const { token } = await issueTestSession(store);
  expect((await run('', token)).code).toBe(2);
  const explained = await run(token);
  expect(answersOf(explained)).toEqual(LIVE);
  expect(explained.code).toBe(0);
});

test('claims can’t act on the terminal, nor smuggle the signature into the report', async () => {
  const kid = '\u001b[2J\u202eevil\u2028';
  const token = signRaw(
    { alg: 'HS256', kid },
    { jti: '\u0007bell', sub: 'x'.repeat(5_000), exp: 9e9 },
  );
  const [, , signature = ''] = token.split('.');
  const { output } = await explain(token);
  expect(output).not.toMatch(/[\p{Cf}\u2028]/u);
  expect(output.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(output).toContain('[2J\\u{202e}evil');
  expect(output).toContain('(5002 characters in all)');
  const forged = `${token.split('.')[0]}.${Buffer.from(JSON.stringify({ iss: signature })).toString('base64url')}.${signature}`;
  expect((await explain(forged, { JWT_ISSUER: 'a' })).output).not.toContain(signature);
});

test('a stage is explained with its functions’ variables, and its secret from SSM', async () => {
  const { token } = await issueTestSession(store);
  const ssm = await startFakeSsm();
  ssm.parameters.set('/true-logout/dev/jwt-secret', TEST_SECRET);
  const variables = {
    ...{ SESSIONS_TABLE: store.table, JWT_PUBLIC_KEY: '' },
    JWT_SECRET_PARAMETER: '/true-logout/dev/jwt-secret',
  };
  const stage = await startFakeStage('dev', variables, () => []);
  const endpoints = {
    AWS_ENDPOINT_URL_LAMBDA: stage.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
  };
  try {
    const found = await explain(token, endpoints, '--stage', 'dev');
    expect(answersOf(found)).toEqual(LIVE);
    const other = await explain(token, endpoints, '--stage', 'prod');
    expect(other).toMatchObject({
      code: 2,
      output: expect.stringContaining('true-logout-prod-me'),
    });
    ssm.fault = 'AccessDeniedException';
    const refused = await explain(token, endpoints, '--stage', 'dev');
    expect(refused.output).toMatch(/^FAIL +key +keys_unavailable/m);
    expect(answersOf(refused)).toEqual(UNKNOWN);
  } finally {
    await stage.close();
    await ssm.close();
  }
});
