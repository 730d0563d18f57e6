import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { sessionOf } from '../../../lib/tokens/session-claims.ts';

const CLAIMS = { sub: 'alice', exp: 1_800_000_000 };
const NONE = { userClaim: 'sub', sessionClaim: 'none', partitionPrefix: '' };

describe('with the session claim none', () => {
  test('a token is keyed by the hash of what is signed, whatever its signature', () => {
    const jti = `sha256:${createHash('sha256').update('header.payload').digest('base64url')}`;
    expect(sessionOf(CLAIMS, 'header.payload.signature', NONE)).toMatchObject({ jti });
    expect(sessionOf(CLAIMS, 'header.payload.other', NONE)).toMatchObject({ jti });
  });

  test('a token with a jti is keyed by it, as a login service that writes rows does', () => {
    expect(sessionOf({ ...CLAIMS, jti: 'j' }, 'header.payload.signature', NONE)).toMatchObject({
      sub: 'alice',
      jti: 'j',
    });
  });

  test.each([[7], [null], [''], ['#cutoff'], ['x'.repeat(1_025)]])(
    'a token whose jti %p can be no key is no session',
    (jti) => {
      const claims = { ...CLAIMS, jti } as object;
      expect(sessionOf({ ...claims }, 'header.payload.signature', NONE)).toBeNull();
    },
  );
});
