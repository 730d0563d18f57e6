import { inspect } from 'node:util';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { authorizerHandler } from '../../../lib/lambda/authorizer-handler.ts';
import { timeouts } from '../../../lib/shared/timeouts.ts';
import { authorizerForms } from '../../support/authorizer-events.ts';
import { expectAuthorizerFailure } from '../../support/error-payload.ts';
import { configureFunction, invoke } from '../../support/lambda.ts';
import { useLog } from '../../support/log.ts';
import { encode, signRaw, TEST_SECRET } from '../../support/signing.ts';

const TOKEN = signRaw({ alg: 'HS256', typ: 'JWT' }, { sub: 'alice', jti: 'a-session' });

const log = useLog();
beforeEach(() => configureFunction({ table: 'never-asked' }));

describe.each(authorizerForms)('$name', ({ event }) => {
  test.each<[string, unknown]>([
    ['an Error', new Error(`no use for ${TOKEN} and ${TEST_SECRET}`)],
    ['one with a cause', new Error('outer', { cause: new Error(`about ${TOKEN}`) })],
    ['a string', `Bearer ${TOKEN}`],
    ['undefined', undefined],
    ['a frozen object', Object.freeze({ token: TOKEN })],
    ['an Error that claims to be the refusal', new Error('Unauthorized')],
  ])('%s becomes an error id, without a word of what was thrown', async (_, thrown) => {
    const handler = authorizerHandler(async () => {
      throw thrown;
    });
    const answer = invoke(handler, event(`Bearer ${TOKEN}`));
    await expectAuthorizerFailure(answer, log, [TOKEN, encode({ sub: 'alice' }), TEST_SECRET]);
  });

  test('a denial without a result is the error that API Gateway answers with 401', async () => {
    const handler = authorizerHandler(async () => null);
    const error = await invoke(handler, event()).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'Error', message: 'Unauthorized' });
    expect(Object.getOwnPropertyNames(error).sort()).toEqual(['message', 'stack']);
    expect(inspect(error)).not.toContain('cause');
    expect(log.entries().filter(({ level }) => level === 'ERROR')).toEqual([]);
  });
});

test('an authorizer that is running out of time is an error', async () => {
  const handler = authorizerHandler(() => new Promise(() => {}));
  const event = authorizerForms[0]?.event(`Bearer ${TOKEN}`);
  const answer = invoke(handler, event, timeouts.earlyAnswerMs + 50);
  const { error_type } = await expectAuthorizerFailure(answer, log, [TOKEN]);
  expect(error_type).toBe('FunctionTimeoutError');
});
