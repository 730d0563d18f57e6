/** Jest's globalTeardown. */
export { stopHost as default } from './host.ts';
