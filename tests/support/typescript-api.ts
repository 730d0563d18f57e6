/**
 * TypeScript's own API in JavaScript, for openapi-typescript: TypeScript 7, which checks this project, is a
 * native program without one. Jest gives it this module in place of `typescript`.
 */
import common from '@ts-morph/common';

export default common.ts;
