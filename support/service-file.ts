import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Stages } from '../infra/parameters.ts';
import { stack } from '../infra/stack.ts';

/** A function of serverless.yml, as far as anybody here reads it. */
export interface ServiceFunction {
  readonly handler: string;
  readonly role: string;
  readonly timeout?: number;
  readonly events?: readonly { readonly httpApi?: unknown }[];
}

/** Resources of the stack, and what else stands beside them: conditions, outputs, extensions. */
export interface ServiceResources {
  readonly Resources: Readonly<
    Record<string, { readonly Properties: Readonly<Record<string, unknown>> }>
  >;
}

export interface Service {
  readonly functions: Readonly<Record<string, ServiceFunction>>;
  readonly resources: ServiceResources;
}

/**
 * Reads serverless.yml, with the files that it names, for a deployment with the default parameters.
 * CloudFormation's own tags (!Ref, !Sub, !GetAtt) become the texts that they hold.
 *
 * @param root folder of serverless.yml
 */
export function readService<Parts>(root: string): Parts & Service {
  const service = parseYaml(join(root, 'serverless.yml'));
  const switches = Object.entries(service.params ? (readStages(root).default ?? {}) : {});
  const generated = stack(Object.fromEntries(switches.map(([name, value]) => [name, `${value}`])));
  const { functions, resources } = service;
  return {
    ...service,
    functions: typeof functions === 'string' ? generated.functions : functions,
    resources: [resources].flat().reduce((all, part) => {
      const [, file, name] = /^\$\{file\(([^)]+)\)(?::(\w+))?/.exec(part) ?? [];
      const own = file?.endsWith('.js') ? `infra/${name}.yml` : file;
      return merge(
        all,
        name === 'resources' ? generated.resources : own ? parseYaml(join(root, own)) : part,
      );
    }, {}),
  };
}

/** The name of the service, which begins the names of all that it deploys. */
export function readServiceName(root: string): string {
  return parseYaml(join(root, 'serverless.yml')).service;
}

/** Reads the parameters of all stages, unresolved. */
export function readStages(root: string): Stages {
  return parseYaml(join(root, 'stages.yml'));
}

function parseYaml(path: string) {
  return parse(readFileSync(path, 'utf8'), { logLevel: 'silent', merge: true });
}

/** Merges the sections of two parts of a template. */
function merge(one: Sections = {}, other: Sections = {}): Sections {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, { ...one[name], ...other[name] }]));
}

type Sections = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
