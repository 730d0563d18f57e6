import fc from 'fast-check';

/**
 * Any character of Unicode, as the unit of `fc.string`. fast-check's own unit `binary` takes
 * seconds to make.
 */
export const anyCharacter = fc
  .oneof(fc.nat(0x7f), fc.nat(0xd7ff), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((code) => String.fromCodePoint(code));
