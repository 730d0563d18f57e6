import {
  GetRolePolicyCommand,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import type { Clients } from './stack.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

/** moto answers with Python's notation, and leaves None where a condition left a statement out. */
function statementsOf(document: string): readonly Statement[] {
  const json = document.startsWith("{'")
    ? document.replaceAll("'", '"').replaceAll(/\bNone\b/g, 'null')
    : document;
  const { Statement }: { Statement: readonly (Statement | null)[] } = JSON.parse(json);
  return Statement.filter((each) => each !== null);
}

function permissions({ Effect, Action, Resource }: Statement): readonly string[] {
  return [Action].flat().flatMap((action) =>
    [Resource].flat().map((resource) => {
      const permission = `${action} on ${resource}`;
      return Effect === 'Allow' ? permission : `${Effect} ${permission}`;
    }),
  );
}

/** All that a role allows, as `action on resource`; what is no Allow says so. */
export async function permissionsOf(
  iam: Clients['iam'],
  RoleName: string,
): Promise<readonly string[]> {
  const attached = await iam.send(new ListAttachedRolePoliciesCommand({ RoleName }));
  const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
  const documents = await Promise.all(
    PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument = '' } = await iam.send(
        new GetRolePolicyCommand({ RoleName, PolicyName }),
      );
      return statementsOf(decodeURIComponent(PolicyDocument)).flatMap(permissions);
    }),
  );
  const managed = (attached.AttachedPolicies ?? []).map(({ PolicyArn }) => `all of ${PolicyArn}`);
  return [...managed, ...documents.flat()].sort();
}
