// serverless.yml reads this file: the framework executes .js, which may import .ts.
import { words } from '../lib/shared/environment.ts';
import { functionTable } from './functions.ts';
import { asText } from './parameters.ts';
import { stack } from './stack.ts';
import { isOn, SWITCHES } from './switches.ts';

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
// A part of the stack that is there or not: `aws cloudformation deploy` would keep the first value of a parameter
// that a condition asks.
const part = (file, name) => async (context) =>
  isOn(await text(name)(context)) ? `\${file(infra/${file})}` : {};
const list = (name) => async (context) => words(await text(name)(context));

export const functions = async (context) => (await build(context)).functions;
export const resources = async (context) => (await build(context)).resources;
export const secretParameter = async (context) => (await build(context)).secretParameter;
export const table = part('table.yml', 'createTable');
export const domain = part('domain.yml', 'domainName');
export const basePath = async (context) =>
  (await text('basePath')(context)) || { Ref: 'AWS::NoValue' };
export const publicKey = text('jwtPublicKey');
export const issuers = text('jwtIssuers');
export const oauthClients = text('oauthClients');
export const allowedOrigins = list('allowedOrigins');
export const allowedHeaders = list('allowedHeaders');
