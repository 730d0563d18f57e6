import { readClients } from '../../../lib/oauth/clients.ts';
import type { Environment } from '../../../lib/shared/environment.ts';
import { CLIENT, clientsOf } from '../../support/oauth.ts';

const HASH = 'a'.repeat(64);

test.each<[Environment, unknown]>([
  [{}, undefined],
  [{ OAUTH_CLIENTS: '', OAUTH_CLIENTS_PARAMETER: '' }, undefined],
  [{ OAUTH_CLIENTS: '{}' }, new Map()],
  [
    { OAUTH_CLIENTS: `{"a":"${HASH}","b c":"${HASH} ${HASH}"}` },
    new Map([
      ['a', [HASH]],
      ['b c', [HASH, HASH]],
    ]),
  ],
])('of %j reads %j', async (environment, clients) => {
  expect((await readClients(environment)?.('cached'))?.value).toEqual(clients);
});

test.each<[string, Environment]>([
  ['beside', { OAUTH_CLIENTS: clientsOf(CLIENT), OAUTH_CLIENTS_PARAMETER: '/a' }],
  ['no JSON object', { OAUTH_CLIENTS: 'gateway' }],
  ['no JSON object', { OAUTH_CLIENTS: 'null' }],
  ['client 1', { OAUTH_CLIENTS: JSON.stringify({ gateway: CLIENT.secret }) }],
  ['client 2', { OAUTH_CLIENTS: JSON.stringify({ a: HASH, b: [HASH] }) }],
  ['client 1', { OAUTH_CLIENTS: JSON.stringify({ a: `${HASH} ${HASH} ${HASH}` }) }],
  ['client 1', { OAUTH_CLIENTS: JSON.stringify({ a: `${HASH}  ${HASH}` }) }],
  ['client 1', { OAUTH_CLIENTS: JSON.stringify({ a: `${HASH}\n` }) }],
  ['client 1', { OAUTH_CLIENTS: JSON.stringify({ '': HASH }) }],
  ['no name', { OAUTH_CLIENTS_PARAMETER: clientsOf(CLIENT) }],
])('says %j, and quotes neither a secret nor a hash: %j', (problem, environment) => {
  const read = () => readClients(environment);
  expect(read).toThrow(problem);
  expect(read).toThrow(/^OAUTH_CLIENTS/);
  expect(read).toThrow(
    expect.objectContaining({ message: expect.not.stringMatching(/[\w-]{40}/) }),
  );
});
