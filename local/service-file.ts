import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** A function of serverless.yml, as far as anybody here reads it. */
export interface ServiceFunction {
  readonly handler: string;
  readonly role: string;
  readonly timeout?: number;
  readonly events?: readonly { readonly httpApi?: unknown }[];
  /** Files that ship beside the bundle. */
  readonly package?: { readonly patterns?: readonly string[] };
}

/** `${file(infra/docs-page.yml):function.${param:docsPage}, null}`: a function that a parameter switches. */
const SWITCHED = /^\$\{file\(([\w./-]+)\):(\w+)\.\$\{param:\w+\}, null\}$/;

/**
 * Reads serverless.yml, with every function that may be deployed: one that a parameter switches is on.
 * CloudFormation's own tags (!Ref, !Sub, !GetAtt) become the texts that they hold.
 *
 * @param root folder of serverless.yml
 * @throws Error for a function that is neither an object nor switched as above
 */
export function readService<Service>(
  root: string,
): Service & { readonly functions: Readonly<Record<string, ServiceFunction>> } {
  const service = readYaml(join(root, 'serverless.yml'));
  const functions = Object.entries(service.functions).map(([name, value]) => {
    if (typeof value !== 'string') return [name, value];
    const [, file, key] = SWITCHED.exec(value) ?? [];
    if (file === undefined || key === undefined) throw new Error(`What is the function ${value}?`);
    return [name, readYaml(join(root, file))[key].true];
  });
  return { ...service, functions: Object.fromEntries(functions) };
}

function readYaml(path: string) {
  return parse(readFileSync(path, 'utf8'), { logLevel: 'silent', merge: true });
}
