import { nearest } from './nearest.ts';

/** The parameters of a deployment, by name. */
export type Parameters = Readonly<Record<string, string>>;

/** The parameters of stages.yml: those of `default`, and those that a stage has of its own. */
export type Stages = Readonly<Record<string, Readonly<Record<string, unknown>> | null>>;

/** A wrong parameter or stage. The message is one line. */
export class ParameterError extends Error {}

/**
 * Checks the stage's name, and puts its parameters together.
 *
 * @param given the options `--param`, each `name=value`
 * @throws ParameterError for a stage or a parameter that stages.yml does not have
 */
export function parametersOf(
  stages: Stages,
  stage: string,
  given: readonly string[] = [],
): Parameters {
  requireStage(stages, stage);
  const names = Object.keys(stages.default ?? {});
  const options = Object.fromEntries(given.map(splitOption));
  for (const name of [...Object.keys(stages[stage] ?? {}), ...Object.keys(options)])
    if (!names.includes(name))
      throw new ParameterError(
        `There is no parameter ${name}: did you mean ${nearest(name, names)}?`,
      );
  const values = Object.entries({ ...stages.default, ...stages[stage], ...options });
  return Object.fromEntries(values.map(([name, value]) => [name, asText(value)]));
}

/** @throws ParameterError for a name that stages.yml does not have */
export function requireStage(stages: Stages, stage: string): void {
  const known = Object.keys(stages).filter((name) => name !== 'default');
  if (!known.includes(stage))
    throw new ParameterError(
      `There is no stage ${stage} in stages.yml: did you mean ${nearest(stage, known)}?`,
    );
}

/** The framework parses files with the ending .json, such as a JWKS; the functions take their text. */
export function asText(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '');
}

function splitOption(option: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(option) ?? [];
  // The framework would take the first line alone.
  if (/[\r\n]/.test(value.trim()))
    throw new ParameterError(
      `--param ${name} has several lines: give a file, '${name}=\${file(name)}'`,
    );
  return [name, value];
}

type Kind = readonly [takes: string, pattern: RegExp];

const YES_NO: Kind = ['true or false', /^(true|false)$/];
const COUNT: Kind = ['a whole number from 1', /^[1-9]\d{0,8}$/];
/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const DAYS = [
  ...[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731],
  ...[1096, 1827, 2192, 2557, 2922, 3288, 3653],
];

/** What infra/ reads; the functions' own reader checks the rest. */
const KINDS: Readonly<Record<string, Kind>> = {
  // Not a path or a trailing slash: browsers send neither, so nothing would match.
  allowedOrigins: [
    '* alone, or origins such as https://app.example.com, without a path',
    /^\s*(\*|[a-z][\w+.-]*:\/\/[^\s,/*]+([\s,]+[a-z][\w+.-]*:\/\/[^\s,/*]+)*)\s*$/,
  ],
  allowedHeaders: ['names of headers', /^\s*[\w-]+([\s,]+[\w-]+)*\s*$/],
  errorDetails: ['full or redacted', /^(full|redacted)$/],
  // https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
  jwtSecretParameter: [
    'the name of an SSM parameter; one with slashes begins with a slash',
    /^(\/[\w.-]+)+$|^[\w.-]+$/,
  ],
  pathPrefix: ['a path such as /api/v1/auth, without a slash at its end', /^(\/[\w.~-]+)+$/],
  tableName: ['the name of a DynamoDB table', /^[\w.-]{3,255}$/],
  createTable: YES_NO,
  protectTable: YES_NO,
  tableDeletionPolicy: ['Delete or Retain', /^(Delete|Retain)$/],
  logRetentionDays: [`one of ${DAYS.join(', ')}`, new RegExp(`^(${DAYS.join('|')})$`)],
  throttleRate: COUNT,
  throttleBurst: COUNT,
  reservedConcurrency: ['a whole number', /^\d{1,5}$/],
  domainName: ['a domain such as auth.example.com', /^([a-z\d-]+(\.[a-z\d-]+)+)?$/],
  certificateArn: arnOf('acm'),
  basePath: ['a path without a slash at either end', /^([\w.~-]+(\/[\w.~-]+)*)?$/],
  closeExecuteApi: YES_NO,
  permissionsBoundary: arnOf('iam'),
  vpcSubnetIds: ['ids such as subnet-0123', /^[\s,]*(subnet-\w+[\s,]*)*$/],
  vpcSecurityGroupIds: ['ids such as sg-0123', /^[\s,]*(sg-\w+[\s,]*)*$/],
  kmsKeyArn: arnOf('kms'),
  logKmsKeyArn: arnOf('kms'),
  alarms: YES_NO,
  dashboard: YES_NO,
  alarmTopicArn: arnOf('sns'),
  latencyThreshold: COUNT,
  badSignatureThreshold: COUNT,
  unknownKeyThreshold: COUNT,
  wrongAddressThreshold: COUNT,
  malformedThreshold: COUNT,
  outsideEndsThreshold: COUNT,
};

function arnOf(service: string): Kind {
  return [`an ARN of ${service}`, new RegExp(`^(arn:[\\w-]+:${service}:[\\w-]*:\\d*:\\S+)?$`)];
}

/** @throws ParameterError for the first value that the deployment could not use */
export function checkParameters(parameters: Parameters): void {
  for (const [name, [takes, pattern]] of Object.entries(KINDS))
    if (!pattern.test(parameters[name] ?? ''))
      throw new ParameterError(`${name} takes ${takes}, and not “${parameters[name]}”`);
  const { domainName, certificateArn, vpcSubnetIds, vpcSecurityGroupIds } = parameters;
  const together: readonly (readonly [boolean, string])[] = [
    [!domainName === !certificateArn, 'domainName and certificateArn need each other'],
    [!parameters.basePath || !!domainName, 'basePath is of a domain: set domainName'],
    [
      parameters.closeExecuteApi !== 'true' || !!domainName,
      'closeExecuteApi leaves no address without domainName',
    ],
    [
      !vpcSubnetIds === !vpcSecurityGroupIds,
      'vpcSubnetIds and vpcSecurityGroupIds need each other',
    ],
  ];
  for (const [holds, message] of together) if (!holds) throw new ParameterError(message);
}
