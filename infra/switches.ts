import { issuerEntries } from '../lib/auth/issuers.ts';

/** Parameters of a deployment, by name; some decide which resources there are. */
export type Switches = Readonly<Record<string, string>>;

/** Whether the parameter jwtSecretParameter verifies tokens: where no other key source is set. */
export function usesSecret({ jwtPublicKey, jwtJwksUrl, jwtIssuers }: Switches): boolean {
  return ![jwtPublicKey, jwtJwksUrl, jwtIssuers].some(isOn);
}

/** Names of the SSM parameters that verify tokens. */
export function secretParameters(switches: Switches): readonly string[] {
  if (usesSecret(switches)) return [switches.jwtSecretParameter ?? ''];
  const names = issuerEntries(switches.jwtIssuers).map(({ secretParameter }) => secretParameter);
  return names.filter((name) => typeof name === 'string');
}

/** Whether some issuer's sessions are registered by a login service, or adopted from its tokens. */
export function sessionModes(switches: Switches) {
  const issuers = isOn(switches.jwtIssuers) ? issuerEntries(switches.jwtIssuers) : [switches];
  const adopted = issuers.filter(({ sessions }) => sessions === 'adopted').length;
  return { registered: adopted < issuers.length, adopted: adopted > 0 };
}

/** Whether a parameter is set, or its member in an entry of jwtIssuers: `jwtLogoutAudience`, `logoutAudience`. */
export function isSwitchedOn(name: string, switches: Switches): boolean {
  if (name === 'oauthClients' && isOn(switches.oauthClientsParameter)) return true;
  const member = name.replace(/^jwt./, (start) => start.slice(3).toLowerCase());
  return (
    isOn(switches[name]) || issuerEntries(switches.jwtIssuers).some((issuer) => member in issuer)
  );
}

/** Whether a switch is set: neither empty, `0` nor `false`. */
export function isOn(value: string | undefined): value is string {
  return value !== undefined && !['', '0', 'false'].includes(value);
}
