import type { IssuerConfiguration, LogoutConfiguration } from '../auth/config.ts';
import { services } from '../auth/services.ts';
import { reportStaleKeys } from '../observability/report-error.ts';
import { memoizeLast } from '../shared/memoize.ts';
import { createKeySet } from '../tokens/key-source.ts';
import type { Issuer } from '../tokens/verify.ts';
import type { Signer } from '../tokens/verify-signed.ts';
import { endAdopted, endRegistered, type ProviderLogout } from './end-sessions.ts';

/** A sender of logout tokens, and the sessions to end. */
export interface LogoutIssuer extends Signer, Pick<Issuer, 'userClaim' | 'partitionPrefix'> {
  readonly issuer: string;
  /** Client ids: one of these has to be in `aud`. */
  readonly audience: readonly string[];
  readonly end: ProviderLogout;
}

/**
 * The issuers with JWT_LOGOUT_AUDIENCE, created once per process.
 *
 * @throws ConfigurationError
 */
export const logoutIssuers = /* @__PURE__ */ memoizeLast<void, readonly LogoutIssuer[]>(() =>
  services().issuers.flatMap((issuer) =>
    issuer.logout ? [logoutIssuer(issuer, issuer.logout)] : [],
  ),
);

function logoutIssuer(
  { sessions, sessionClaim, adoption, ...own }: Issuer & IssuerConfiguration,
  { issuer, audience, ...keys }: LogoutConfiguration,
): LogoutIssuer {
  const { userClaim, partitionPrefix } = own;
  // The `sid` of another issuer is a name for its own session, of which tokens here know nothing.
  const namesSessions = sessionClaim === 'sid' && issuer === own.issuer;
  return {
    ...{ issuer, audience, userClaim, partitionPrefix },
    keys: createKeySet(keys, reportStaleKeys),
    end: adoption ? endAdopted(sessions, namesSessions) : endRegistered(sessions),
  };
}
