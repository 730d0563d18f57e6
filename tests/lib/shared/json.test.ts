import { defined } from '../../../lib/shared/json.ts';

test('defined() drops undefined members, and no other', () => {
  const kept = { zero: 0, empty: '', no: false, nothing: null };
  expect(Object.entries(defined({ ...kept, missing: undefined }))).toEqual(Object.entries(kept));
});
