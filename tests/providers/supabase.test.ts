import { createHmac, randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import {
  expectRefused,
  expectSignInEnds,
  seconds,
  statusesOf,
  useProvider,
} from '../support/provider.ts';
import { encode } from '../support/signing.ts';

const supabase = useProvider('Supabase', 'ES256', { typ: 'JWT' });

/** An access token. A refresh keeps `session_id`, and no claim says when the user signed in. */
function access(sub: string, session_id: string | undefined, iat: number, changes: object = {}) {
  const { JWT_ISSUER: iss = '', JWT_AUDIENCE: aud = '' } = supabase.variables;
  return supabase.sign({
    ...{ iss, sub, aud, iat, exp: iat + 3_600, role: 'authenticated', aal: 'aal1' },
    ...{ session_id, email: 'alice@example.com', phone: '', is_anonymous: false },
    ...{ amr: [{ method: 'password', timestamp: iat }], app_metadata: {}, ...changes },
  });
}

test('a logout ends the sign-in, refreshed tokens included, and no other', async () => {
  const [sub, phone, laptop] = [randomUUID(), randomUUID(), randomUUID()];
  await expectSignInEnds(supabase, {
    first: await access(sub, phone, seconds() - 600),
    refreshed: await access(sub, phone, seconds()),
    elsewhere: await access(sub, laptop, seconds() - 300),
  });
});

test('everywhere ends every session that a check has met, refreshed tokens included', async () => {
  const [sub, phone, laptop, unseen] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
  expect(await statusesOf(supabase, await access(sub, laptop, seconds() - 300))).toEqual([200]);
  const token = await access(sub, phone, seconds() - 600);
  expect(await supabase.logout(token, 'everywhere')).toBe(200);
  const refreshed = await Promise.all(
    [phone, laptop, unseen].map((session) => access(sub, session, seconds() + 2)),
  );
  // The last one is the bound that the page names: no check has met the session.
  expect(await statusesOf(supabase, ...refreshed)).toEqual([401, 401, 200]);
});

test('API keys open nothing: signed by the legacy secret, or without a session', async () => {
  const claims = { iss: 'supabase', ref: 'abcdefghijklmnopqrst', role: 'anon', iat: 1_700_000_000 };
  const input = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ ...claims, exp: 2e9 })}`;
  const signature = createHmac('sha256', 'legacy'.repeat(8)).update(input).digest('base64url');
  await expectRefused(supabase, `${input}.${signature}`, 'algorithm_not_allowed');
  const withoutSession = await access(randomUUID(), undefined, seconds());
  await expectRefused(supabase, withoutSession, 'invalid_session_reference');
});

test('an ID token of the OAuth server, and a token of another project, open nothing', async () => {
  const token = (changes: object) => access(randomUUID(), randomUUID(), seconds(), changes);
  await expectRefused(supabase, await token({ aud: 'client-id' }), 'wrong_audience');
  const iss = 'https://tsrqponmlkjihgfedcba.supabase.co/auth/v1';
  await expectRefused(supabase, await token({ iss }), 'wrong_issuer');
});
