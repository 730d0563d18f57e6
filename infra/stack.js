// serverless.yml reads this file: the framework executes .js, which may import .ts.
import { words } from '../lib/shared/environment.ts';
import { asText } from './parameters.ts';
import { findRegion } from './region.ts';
import { stack } from './stack.ts';
import { isOn } from './switches.ts';

// A value of serverless.yml that follows from the parameters.
const from =
  (read) =>
  async ({ resolveVariable }) => {
    const names = Object.keys(await resolveVariable('file(stages.yml):default'));
    const values = names.map(async (name) => [
      name,
      asText(await resolveVariable(`param:${name}`)),
    ]);
    return read(Object.fromEntries(await Promise.all(values)));
  };
// A part of the stack that is there or not: `aws cloudformation deploy` would keep the first value of a parameter
// that a condition asks.
const part = (file, parameter) => (isOn(parameter) ? `\${file(infra/${file})}` : {});

// infra/plugin.ts refuses commands that need a region where none is named; `package` and `offline` need none, and
// the framework takes no empty text.
export const region = async ({ options }) =>
  (await findRegion(options.region, options['aws-profile'])) || 'us-east-1';
export const functions = from((parameters) => stack(parameters).functions);
export const resources = from((parameters) => stack(parameters).resources);
export const secretParameter = from((parameters) => stack(parameters).secretParameter);
export const table = from(({ createTable }) => part('table.yml', createTable));
export const domain = from(({ domainName }) => part('domain.yml', domainName));
export const basePath = from(({ basePath }) => basePath || { Ref: 'AWS::NoValue' });
export const publicKey = from(({ jwtPublicKey }) => jwtPublicKey);
export const issuers = from(({ jwtIssuers }) => jwtIssuers);
export const oauthClients = from(({ oauthClients }) => oauthClients);
export const allowedOrigins = from(({ allowedOrigins }) => words(allowedOrigins));
export const allowedHeaders = from(({ allowedHeaders }) => words(allowedHeaders));
