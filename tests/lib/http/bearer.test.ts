import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readBearer } from '../../../lib/http/bearer.ts';
import { denied } from '../../../lib/http/response.ts';
import { HEADERS } from '../../support/answers.ts';
import { anyCharacter } from '../../support/characters.ts';

function outcome(authorization: string | undefined): string {
  const header = (name: string) => (name === 'authorization' ? authorization : undefined);
  const { token, denial } = readBearer({ header });
  if (denial === undefined) return `token ${JSON.stringify(token)}`;
  const { statusCode, body } = denied(denial);
  return `${statusCode} ${body}`;
}

const missing = '403 {"detail":"Not authenticated"}';
const otherScheme = '403 {"detail":"Invalid authentication credentials"}';

test.each([
  [undefined, missing],
  ['', missing],
  ['Bearer', missing],
  ['Bearer ', missing],
  ['x', missing],
  [' Bearer x', missing],
  ['Bearer\tx', missing],
  ['Basic abc', otherScheme],
  ['Bearerx y', otherScheme],
  ['Bearer: x', otherScheme],
  ['Ｂearer x', otherScheme],
  ['Bearer x', 'token "x"'],
  ['bearer x', 'token "x"'],
  ['bEaReR x', 'token "x"'],
  ['Bearer x y', 'token "x y"'],
  ['Bearer  x', 'token " x"'],
  ['Bearer  ', 'token " "'],
  ['Bearer x ', 'token "x "'],
  ['Bearer Bearer x', 'token "Bearer x"'],
  ['Bearer A,Bearer B', 'token "A,Bearer B"'],
])('reads %j as FastAPI does: %s', (authorization, expected) => {
  expect(outcome(authorization)).toBe(expected);
});

/** FastAPI's HTTPBearer(auto_error=True), out of its documentation: Python's `partition(" ")` and `lower()`. */
function fastApi(authorization: string): string {
  const match = /^([^ ]*)(?: (.*))?$/s.exec(authorization);
  const [, scheme = '', credentials = ''] = match ?? [];
  if (!(authorization && scheme && credentials)) return missing;
  if (scheme.toLowerCase() !== 'bearer') return otherScheme;
  return `token ${JSON.stringify(credentials)}`;
}

test('splits any header at all as an independent model of FastAPI does', () => {
  const words = ['Bearer', 'bearer', 'BeArEr', 'Basic', ' ', ' ', '\t', ',', '.', 'x'];
  const piece = fc.constantFrom(...words);
  const built = fc.array(piece, { maxLength: 7 }).map((pieces) => pieces.join(''));
  const prefixed = fc.tuple(
    fc.constantFrom('Bearer ', 'bearer ', 'Basic '),
    fc.string({ unit: anyCharacter }),
  );
  const header = fc.oneof(
    built,
    fc.string({ unit: anyCharacter }),
    prefixed.map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(header, (authorization) => {
      expect(outcome(authorization)).toBe(fastApi(authorization));
    }),
    { numRuns: 2_000 },
  );
});

test('refuses without a challenge header, as FastAPI does', () => {
  for (const denial of ['no_credentials', 'other_scheme'] as const)
    expect(denied(denial).headers).toEqual(HEADERS);
});
