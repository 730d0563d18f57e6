import { isDeepStrictEqual } from 'node:util';
import type { Deployment, Properties } from './deployment.ts';

/** A resource of a CloudFormation template. */
export interface Resource {
  readonly Type: string;
  readonly Properties?: Properties;
}

export interface Comparison {
  /** A line a resource: `ok`, or `FAIL` with both sides of each difference. */
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
  /** The types that the deployment was not asked about. */
  readonly unread: readonly string[];
}

/**
 * Compares a deployment with the template that it was made from, property by property. Compares the
 * properties that were read: template.test.ts covers the others.
 */
export function compare(
  template: Readonly<Record<string, Resource>>,
  deployment: Deployment,
): Comparison {
  const lines: string[] = [];
  const unread = new Set<string>();
  for (const [id, { Type, Properties = {} }] of Object.entries(template)) {
    if (!deployment.types.includes(Type)) {
      unread.add(Type);
      continue;
    }
    const found = deployment.resources[id];
    const differences = found ? differ(Properties, found, deployment) : ['not there'];
    lines.push(differences.length === 0 ? `ok   ${id}` : `FAIL ${id}: ${differences.join('; ')}`);
  }
  lines.push(...strangers(template, deployment));
  const failed = lines.filter((line) => line.startsWith('FAIL')).length;
  return { lines, passed: lines.length - failed, failed, unread: [...unread].sort() };
}

function differ(asked: Properties, found: Properties, deployment: Deployment): readonly string[] {
  return Object.entries(found).flatMap(([name, value]) => {
    const expected = evaluate(asked[name], deployment);
    return isDeepStrictEqual(value, expected)
      ? []
      : [`${name} is ${JSON.stringify(value)}, not ${JSON.stringify(expected)}`];
  });
}

function strangers(template: object, { resources }: Deployment): readonly string[] {
  const unknown = Object.keys(resources).filter((id) => !(id in template));
  return unknown.map((id) => `FAIL ${id}: not in the template`);
}

/**
 * Evaluates CloudFormation's functions in a value of the template, as far as the properties compared use
 * them: Ref, the Arn of Fn::GetAtt, and Fn::Sub without resources.
 *
 * @throws Error for any other function, and for a name that the deployment lacks
 */
export function evaluate(value: unknown, deployment: Deployment): unknown {
  if (Array.isArray(value)) return value.map((each) => evaluate(each, deployment));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[name, argument] = ['', undefined]] = entries;
  if (name === 'Ref') return lookUp(deployment.names, `${argument}`);
  if (name === 'Fn::GetAtt') return lookUp(deployment.attributes, argument.join('.'));
  if (name === 'Fn::Sub')
    return `${argument}`.replaceAll(/\$\{([^}]+)\}/g, (_, id) => lookUp(deployment.names, id));
  if (name.startsWith('Fn::')) throw new Error(`${name} is not evaluated here`);
  return Object.fromEntries(entries.map(([key, each]) => [key, evaluate(each, deployment)]));
}

function lookUp(names: Readonly<Record<string, string>>, name: string): string {
  const found = names[name];
  if (found === undefined) throw new Error(`The deployment has no ${name}`);
  return found;
}
