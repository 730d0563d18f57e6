import fc from 'fast-check';
import { readForm } from '../../../lib/http/form.ts';
import { parseRequest } from '../../../lib/http/request.ts';
import { anyCharacter } from '../../support/characters.ts';
import { FORMATS } from '../../support/events.ts';

const FORM = 'application/x-www-form-urlencoded';
const NAMES = ['token', 'client_id'] as const;
const read = (body: string, type: string | undefined = FORM) =>
  readForm({ header: () => type, body: () => body }, NAMES);

test.each([
  ['token=a', { token: 'a' }],
  ['token=a+b%2Bc%20d', { token: 'a b+c d' }],
  ['token=%C3%A4&client_id=x', { token: 'ä', client_id: 'x' }],
  ['token=a&other=b&other=c', { token: 'a' }],
  ['token=a=b', { token: 'a=b' }],
  [`token=a&x=${'x'.repeat(1_000_000)}`, { token: 'a' }],
  ['token=&client_id=x', { client_id: 'x' }],
  ['Token=a', {}],
  ['\ufefftoken=a', {}],
  ['', {}],
])('%.40j has %j', (body, values) => {
  expect(read(body)).toEqual({ values });
});

test.each(['token=a&token=b', 'token=&token=a', 'token&token=a', 'token=a&%74oken=a'])(
  '%j repeats a parameter',
  (body) => expect(read(body)).toEqual({ problem: 'The parameter token is repeated' }),
);

test.each([
  'application/json',
  'multipart/form-data',
  `${FORM}x`,
  `${FORM},${FORM}`,
  '',
  undefined,
])('of type %j is no form', (type) => {
  const form = readForm({ header: () => type, body: () => 'token=a' }, NAMES);
  expect(form).toEqual({ problem: `The content type must be ${FORM}` });
});

describe.each(FORMATS)('of payload format %s', (_, event) => {
  test('any values come through', () => {
    const text = fc.string({ unit: anyCharacter, minLength: 1 });
    fc.assert(
      fc.property(text, text, (token, client_id) => {
        const body = `${new URLSearchParams({ token, client_id })}`;
        const headers = { 'content-type': 'Application/X-WWW-Form-urlencoded ;charset=UTF-8' };
        expect(readForm(parseRequest(event({ headers, body })), NAMES)).toEqual({
          values: { token, client_id },
        });
      }),
    );
  });
});
