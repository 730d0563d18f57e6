import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

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
 * Reads serverless.yml. CloudFormation's own tags (!Ref, !Sub, !GetAtt) become the texts that they hold.
 *
 * @param root folder of serverless.yml
 */
export function readService<Parts>(root: string): Parts & Service {
  const text = readFileSync(join(root, 'serverless.yml'), 'utf8');
  return parse(text, { logLevel: 'silent', merge: true });
}
