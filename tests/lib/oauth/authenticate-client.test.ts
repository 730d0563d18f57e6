import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { authenticateClient } from '../../../lib/oauth/authenticate-client.ts';
import { parseClients } from '../../../lib/oauth/clients.ts';
import { fixedSource } from '../../../lib/shared/refresh.ts';
import { anyCharacter } from '../../support/characters.ts';
import { basic, CLIENT, clientsOf, type TestClient } from '../../support/oauth.ts';

/** What becomes of a header and a form, where one client is known. */
function outcome(known: TestClient, authorization?: string, form = {}) {
  const clients = fixedSource(parseClients(clientsOf(known), 'OAUTH_CLIENTS'));
  return authenticateClient({ header: () => authorization }, form, clients);
}

/** Any text that UTF-8 can carry. */
const text = () => fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 });

test('any id and any secret come through, in the header and in the body, and no other secret does', async () => {
  await fc.assert(
    fc.asyncProperty(text(), text(), text(), async (id, secret, other) => {
      fc.pre(other !== secret);
      const client = { id, secret };
      const form = { client_id: id, client_secret: secret };
      expect(await outcome(client, basic(client))).toBeUndefined();
      expect(await outcome(client, basic(client), { client_id: id })).toBeUndefined();
      expect(await outcome(client, undefined, form)).toBeUndefined();
      expect(await outcome(client, basic({ id, secret: other }))).toBe('invalid_client');
      expect(await outcome(client, undefined, { ...form, client_secret: other })).toBe(
        'invalid_client',
      );
    }),
  );
});

test('the scheme may be of any case, and values that need no encoding may come without one, as curl sends them', async () => {
  const plain = { id: 'gateway', secret: 'a:b_c-d.e' };
  const header = `BASIC  ${btoa(`${plain.id}:${plain.secret}`)}`;
  expect(await outcome(plain, header)).toBeUndefined();
});

describe('no client is known by', () => {
  const { id, secret } = CLIENT;

  test.each<[string, string]>([
    ['an unknown id', basic({ id: 'another', secret })],
    ['the id in another case', basic({ id: 'Gateway', secret })],
    ['a property of every object', basic({ id: '__proto__', secret })],
    ['the hash in place of the secret', basic({ id, secret: clientsOf(CLIENT).slice(-66, -2) })],
    ['an empty secret', `Basic ${btoa(`${id}:`)}`],
    ['an empty id', `Basic ${btoa(`:${secret}`)}`],
    ['no colon', `Basic ${btoa(id)}`],
    ['no base64', 'Basic %%%'],
    ['a wrong escape', `Basic ${btoa(`${id}:%zz`)}`],
    ['nothing', ''],
    ['another scheme', basic(CLIENT).replace('Basic', 'Bearer')],
    ['two headers', `${basic(CLIENT)},${basic(CLIENT)}`],
  ])('%s', async (_, header) => {
    expect(await outcome(CLIENT, header)).toBe('invalid_client');
  });

  test('an empty secret in the body', async () => {
    const form = { client_id: id, client_secret: '' };
    expect(await outcome(CLIENT, undefined, form)).toBe('invalid_client');
  });

  test('whatever else stands in the header', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: anyCharacter, maxLength: 80 }), async (garbage) => {
        for (const header of [garbage, `Basic ${garbage}`, `${basic(CLIENT)}${garbage || '='}`]) {
          fc.pre(header !== basic(CLIENT));
          expect(await outcome(CLIENT, header)).toBe('invalid_client');
        }
      }),
    );
  });
});
