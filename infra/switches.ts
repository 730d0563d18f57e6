/** Parameters of a deployment that decide which resources there are, by name. */
export type Switches = Readonly<Record<string, string>>;

/** Names of the switches, beside those of the function table. */
export const SWITCHES = [
  'alarms',
  'alarmTopicArn',
  'dashboard',
  'jwtJwksUrl',
  'jwtPublicKey',
  'jwtSecretParameter',
  'kmsKeyArn',
  'logKmsKeyArn',
  'pathPrefix',
  'permissionsBoundary',
  'reservedConcurrency',
  'vpcSecurityGroupIds',
  'vpcSubnetIds',
];

/** Whether the SSM parameter verifies tokens: where neither a public key nor a JWKS is set. */
export function usesSecret({ jwtPublicKey, jwtJwksUrl }: Switches): boolean {
  return !isOn(jwtPublicKey) && !isOn(jwtJwksUrl);
}

/** Whether a switch is set: neither empty, `0` nor `false`. */
export function isOn(value: string | undefined): value is string {
  return value !== undefined && !['', '0', 'false'].includes(value);
}
