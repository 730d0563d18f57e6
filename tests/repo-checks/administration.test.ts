import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { issueSession } from '../../lib/login/issue.ts';
import { findSession } from '../../lib/sessions/sessions.ts';
import { optionsOfAws } from '../support/fake-aws.ts';
import { testSigner } from '../support/signing.ts';
import { useTestStore } from '../support/store.ts';

/** The options of the last command, where the first has found this newest time. */
function optionsOfCommand(newest: string): ReadonlyMap<string, string> {
  const sheet = readFileSync('docs/security.md', 'utf8');
  const [, commands = ''] = /```sh\n(NEWEST=[^`]+)```/.exec(sheet) ?? [];
  return optionsOfAws(commands, newest);
}

const store = useTestStore();

test.each([
  ['by this clock', 0],
  ['by a clock four minutes ahead', 240_000],
])(
  'the commands of docs/security.md end every session of a user that began %s, and no other',
  async (_, aheadMs) => {
    const [alice, bob] = [randomUUID(), randomUUID()];
    const begin = (sub: string, nowMs = Date.now() + aheadMs) =>
      issueSession(store, testSigner, { sub, ttlSeconds: 3_600 }, nowMs);
    const sessions = [await begin(alice), await begin(alice)];
    const other = await begin(bob);
    const newest = Math.max(...sessions.map(({ session }) => session.auth_time));
    const options = optionsOfCommand(`${newest}`);
    expect(options.get('--table-name')).toBe('true-logout-prod-sessions');
    const key = options.get('--key')?.replace('alice', alice) ?? '';
    await store.client.send(
      new UpdateItemCommand({
        TableName: store.table,
        Key: JSON.parse(key),
        UpdateExpression: options.get('--update-expression'),
        ConditionExpression: options.get('--condition-expression'),
        ExpressionAttributeValues: JSON.parse(options.get('--expression-attribute-values') ?? ''),
      }),
    );
    for (const { session } of sessions) expect(await findSession(store, session)).toBeNull();
    expect(await findSession(store, other.session)).toEqual(other.session);
    // A log-in afterwards is active, also by a clock behind.
    const { session: next } = await begin(alice, Date.now() - 60_000);
    expect(await findSession(store, next)).toEqual(next);
  },
);

test('the commands of docs/security.md write a cutoff for a user without rows', () => {
  const { ':new': value } = JSON.parse(
    optionsOfCommand('null').get('--expression-attribute-values') ?? '',
  );
  expect(Number(value.N)).toBeGreaterThan(1_700_000_000_000);
});
