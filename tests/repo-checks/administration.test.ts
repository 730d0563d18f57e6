import { readFileSync } from 'node:fs';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { findSession } from '../../lib/sessions/sessions.ts';
import { optionsOfAws } from '../support/fake-aws.ts';
import { issueTestSession } from '../support/signing.ts';
import { openTestStore, type TestStore } from '../support/store.ts';

/** The options that `aws` is given by the sheet's command. */
function optionsOfCommand(): ReadonlyMap<string, string> {
  const sheet = readFileSync('docs/security.md', 'utf8');
  const [, command = ''] = /```sh\n(aws dynamodb update-item[^`]+)```/.exec(sheet) ?? [];
  return optionsOfAws(command);
}

let store: TestStore;
beforeAll(async () => {
  store = await openTestStore();
});
afterAll(() => store.close());

test('the command of docs/security.md ends every session of a user, and none of another', async () => {
  const phone = await issueTestSession(store, { sub: 'alice' });
  const laptop = await issueTestSession(store, { sub: 'alice' });
  const other = await issueTestSession(store, { sub: 'bob' });
  const options = optionsOfCommand();
  expect(options.get('--table-name')).toBe('true-logout-prod-sessions');
  await store.client.send(
    new UpdateItemCommand({
      TableName: store.table,
      Key: JSON.parse(options.get('--key') ?? ''),
      UpdateExpression: options.get('--update-expression'),
      ConditionExpression: options.get('--condition-expression'),
      ExpressionAttributeValues: JSON.parse(options.get('--expression-attribute-values') ?? ''),
    }),
  );
  expect(await findSession(store, phone.session)).toBeNull();
  expect(await findSession(store, laptop.session)).toBeNull();
  expect(await findSession(store, other.session)).toEqual(other.session);
});
