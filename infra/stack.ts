import { PATH_PREFIX } from '../lib/openapi/path-prefix.ts';
import { words } from '../lib/shared/environment.ts';
import { defined } from '../lib/shared/json.ts';
import { alarms } from './alarms.ts';
import { dashboard } from './dashboard.ts';
import { type FunctionEntry, functionTable } from './functions.ts';
import { adminPolicy, role } from './permissions.ts';
import { isOn, isSwitchedOn, type Switches, usesSecret } from './switches.ts';

/** A deployed function with the logical ids that the framework derives from the name. */
export interface DeployedFunction extends FunctionEntry {
  readonly name: string;
  readonly lambda: string;
  readonly logGroup: string;
  readonly role: string;
}

/** Builds the functions of serverless.yml and the resources that follow from them. */
export function stack(switches: Switches) {
  const functions = Object.entries(functionTable)
    .filter(([, { when }]) => when === undefined || isSwitchedOn(when, switches))
    .map(([name, entry]) => deployed(name, entry, switches));
  return {
    functions: Object.fromEntries(
      functions.map(({ name, role, route, environment }) => {
        const handler = `handlers/${kebab(name)}.handler`;
        const events = route ? [{ httpApi: route }] : undefined;
        return [name, { handler, role, ...defined({ events, environment }) }];
      }),
    ),
    /** The variable JWT_SECRET_PARAMETER. */
    secretParameter: usesSecret(switches) ? '${param:jwtSecretParameter}' : { Ref: 'AWS::NoValue' },
    resources: {
      Resources: {
        ...Object.fromEntries(functions.map((each) => [each.role, role(each, switches)])),
        ...(switches.alarms === 'false' ? {} : alarms(functions, switches)),
        ...(switches.dashboard === 'false' ? {} : { Dashboard: dashboard(functions) }),
        AdminPolicy: adminPolicy,
      },
      extensions: extensions(functions, switches),
    },
  };
}

/** Properties for which the framework has no setting, by logical id of the framework's resource. */
function extensions(functions: readonly DeployedFunction[], switches: Switches) {
  const { kmsKeyArn, logKmsKeyArn, reservedConcurrency, vpcSubnetIds } = switches;
  const lambdas = functions.map(({ lambda }) => lambda);
  const logGroups = [...functions.map(({ logGroup }) => logGroup), 'HttpApiLogGroup'];
  const tables = switches.createTable === 'false' ? [] : ['SessionsTable'];
  const encryption = { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: kmsKeyArn };
  const SubnetIds = words(vpcSubnetIds);
  const vpc = { SubnetIds, SecurityGroupIds: words(switches.vpcSecurityGroupIds) };
  return {
    ...each(lambdas, {
      ...(isOn(reservedConcurrency) && {
        ReservedConcurrentExecutions: Number(reservedConcurrency),
      }),
      ...(isOn(vpcSubnetIds) && { VpcConfig: vpc }),
    }),
    ...each(logGroups, isOn(logKmsKeyArn) ? { KmsKeyId: logKmsKeyArn } : {}),
    ...each(tables, isOn(kmsKeyArn) ? { SSESpecification: encryption } : {}),
  };
}

function each(ids: readonly string[], Properties: object) {
  const changed = Object.keys(Properties).length > 0 ? ids : [];
  return Object.fromEntries(changed.map((id) => [id, { Properties }]));
}

function deployed(name: string, entry: FunctionEntry, { pathPrefix }: Switches): DeployedFunction {
  const id = name.charAt(0).toUpperCase() + name.slice(1);
  const ids = { lambda: `${id}LambdaFunction`, logGroup: `${id}LogGroup`, role: `${id}Role` };
  const route = entry.route?.replace(PATH_PREFIX, pathPrefix ?? PATH_PREFIX);
  return { ...entry, ...defined({ route }), name, ...ids };
}

/** `deleteSession` → `delete-session`. */
function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
