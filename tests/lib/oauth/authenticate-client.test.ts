import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { authenticateClient } from '../../../lib/oauth/authenticate-client.ts';
import { type OAuthClients, parseClients } from '../../../lib/oauth/clients.ts';
import type { Source } from '../../../lib/shared/refresh.ts';
import { anyCharacter } from '../../support/characters.ts';
import { basic, CLIENT, clientsOf, type TestClient } from '../../support/oauth.ts';

type Clients = Source<OAuthClients>;

const known =
  (...clients: readonly TestClient[]): Clients =>
  async () => ({
    value: parseClients(clientsOf(...clients), 'OAUTH_CLIENTS'),
    fetchedAtMs: Number.POSITIVE_INFINITY,
  });

const withHeader = (authorization: string, clients: Clients) =>
  authenticateClient({ header: () => authorization }, {}, clients);

/** Any text that UTF-8 can carry. */
const text = () => fc.string({ unit: anyCharacter, minLength: 1, maxLength: 40 });

describe('credentials in the header', () => {
  test('of any id and any secret come through, and no other secret does', async () => {
    await fc.assert(
      fc.asyncProperty(text(), text(), text(), async (id, secret, other) => {
        fc.pre(other !== secret);
        const clients = known({ id, secret });
        expect(await withHeader(basic({ id, secret }), clients)).toBeUndefined();
        expect(await withHeader(basic({ id, secret: other }), clients)).toBe('invalid_client');
      }),
    );
  });

  test('without form-encoding, as curl sends them, come through where nothing needs it', async () => {
    const plain = { id: 'gateway', secret: 'a:b_c-d.e' };
    const header = `Basic ${btoa(`${plain.id}:${plain.secret}`)}`;
    expect(await withHeader(header, known(plain))).toBeUndefined();
  });

  test('are refused whatever else stands in the header', async () => {
    const clients = known(CLIENT);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: anyCharacter, maxLength: 80 }), async (garbage) => {
        for (const header of [garbage, `Basic ${garbage}`, `${basic(CLIENT)}${garbage || '='}`]) {
          fc.pre(header !== basic(CLIENT));
          expect(await withHeader(header, clients)).toBe('invalid_client');
        }
      }),
    );
  });
});

test('credentials in the body of any id and any secret come through', async () => {
  await fc.assert(
    fc.asyncProperty(text(), text(), async (client_id, client_secret) => {
      const clients = known({ id: client_id, secret: client_secret });
      const request = { header: () => undefined };
      expect(
        await authenticateClient(request, { client_id, client_secret }, clients),
      ).toBeUndefined();
    }),
  );
});

describe('clients that were read a while ago', () => {
  const old = { id: 'gateway', secret: 'old' };
  const rotated = { id: 'gateway', secret: 'new' };

  /** A directory whose cached clients have an age. */
  function aged(ageMs: number) {
    return jest.fn<Clients>(async (freshness) => ({
      value: parseClients(clientsOf(freshness === 'fresh' ? rotated : old), 'OAUTH_CLIENTS'),
      fetchedAtMs: Date.now() - (freshness === 'fresh' ? 0 : ageMs),
    }));
  }

  test('are enough to let one in', async () => {
    const clients = aged(60_000);
    expect(await withHeader(basic(old), clients)).toBeUndefined();
    expect(clients.mock.calls).toEqual([['cached']]);
  });

  test('refuse nobody before they are read again', async () => {
    const clients = aged(60_000);
    expect(await withHeader(basic(rotated), clients)).toBeUndefined();
    expect(clients.mock.calls).toEqual([['cached'], ['fresh']]);
  });

  test('refuse at once where they are fresh, so that guesses cost no reads', async () => {
    const clients = aged(0);
    expect(await withHeader(basic(rotated), clients)).toBe('invalid_client');
    expect(clients.mock.calls).toEqual([['cached']]);
  });

  test('fail the request where they cannot be read again', async () => {
    const clients: Clients = async (freshness) => {
      if (freshness === 'fresh') throw new Error('SSM is down');
      return aged(60_000)(freshness);
    };
    expect(await withHeader(basic(old), clients)).toBeUndefined();
    await expect(withHeader(basic(rotated), clients)).rejects.toThrow('SSM is down');
  });
});
