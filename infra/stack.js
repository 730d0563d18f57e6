// serverless.yml reads this file: the framework executes .js, which may import .ts.
import { functionTable } from './functions.ts';
import { asText, listed } from './parameters.ts';
import { stack } from './stack.ts';
import { SWITCHES } from './switches.ts';

const build = async ({ resolveVariable }) => {
  const gates = Object.values(functionTable).flatMap(({ when }) => when ?? []);
  const values = [...new Set([...SWITCHES, ...gates])].map(async (name) => [
    name,
    asText(await resolveVariable(`param:${name}`)),
  ]);
  return stack(Object.fromEntries(await Promise.all(values)));
};
const text =
  (name) =>
  async ({ resolveVariable }) =>
    asText(await resolveVariable(`param:${name}`));
const list = (name) => async (context) => listed(await text(name)(context));

export const functions = async (context) => (await build(context)).functions;
export const resources = async (context) => (await build(context)).resources;
export const secretParameter = async (context) => (await build(context)).secretParameter;
export const publicKey = text('jwtPublicKey');
export const allowedOrigins = list('allowedOrigins');
export const allowedHeaders = list('allowedHeaders');
