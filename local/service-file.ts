import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isObject } from '../lib/shared/json.ts';

/** A function of serverless.yml, as far as anybody here reads it. */
export interface ServiceFunction {
  readonly handler: string;
  readonly role: string;
  readonly timeout?: number;
  readonly events?: readonly { readonly httpApi?: unknown }[];
  /** Files that ship beside the bundle. */
  readonly package?: { readonly patterns?: readonly string[] };
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

/** `${file(infra/docs-page.yml):function.${param:docsPage}, …}`: what a parameter switches on and off. */
const SWITCHED = /^\$\{file\(([\w./-]+)\):(\w+)\.\$\{param:\w+\}(, [^}]+)?\}$/;

/** `${self:custom.writeLogs}` */
const OWN = /^\$\{self:custom\.(\w+)\}$/;

/**
 * Reads serverless.yml, with all that may be deployed: what a parameter switches is on. CloudFormation's own
 * tags (!Ref, !Sub, !GetAtt) become the texts that they hold.
 *
 * @param root folder of serverless.yml
 */
export function readService<Parts>(root: string): Parts & Service {
  const service = readYaml(join(root, 'serverless.yml'));
  const switchedOn = (value: unknown): unknown => {
    const [, file, key] = (typeof value === 'string' && SWITCHED.exec(value)) || [];
    if (file === undefined || key === undefined) return value;
    return withOwn(readYaml(join(root, file))[key].true, service.custom);
  };
  const functions = Object.entries(service.functions).map(([name, each]) => [
    name,
    switchedOn(each),
  ]);
  const parts = [service.resources ?? {}].flat().map(switchedOn);
  return {
    ...service,
    functions: Object.fromEntries(functions),
    resources: merged(parts.filter((part) => isObject(part))),
  };
}

/** Puts what serverless.yml has under `custom` in place of what refers to it, at any depth. */
function withOwn(value: unknown, custom: Readonly<Record<string, unknown>>): unknown {
  if (typeof value === 'string') return custom[OWN.exec(value)?.[1] ?? ''] ?? value;
  if (Array.isArray(value)) return value.map((each) => withOwn(each, custom));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withOwn(each, custom)]),
  );
}

/** As the framework merges an array of resources, of which none here has what another one has. */
function merged(parts: readonly Readonly<Record<string, unknown>>[]) {
  const sections = [...new Set(parts.flatMap((part) => Object.keys(part)))];
  return Object.fromEntries(
    sections.map((section) => [section, Object.assign({}, ...parts.map((part) => part[section]))]),
  );
}

function readYaml(path: string) {
  return parse(readFileSync(path, 'utf8'), { logLevel: 'silent', merge: true });
}
