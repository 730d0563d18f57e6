import type { SessionStore } from '../aws/dynamodb.ts';
import type { Cutoff } from './cutoff.ts';
import type { SessionKey } from './key.ts';
import type { Session } from './session.ts';

/** A session to end: the key, and the end of the token's or the row's life. */
export type EndableSession = SessionKey & Pick<Session, 'expires_at'>;

/** A verified token. */
export interface SessionToken {
  /** `expires_at` is the token's `exp` and the clock tolerance, in epoch seconds. */
  readonly session: EndableSession;
  readonly claims: Readonly<Record<string, unknown>>;
}

/** The client, as the list of sessions shows a client. */
export type Client = Pick<Session, 'user_agent' | 'ip'>;

/** Describes the client of a request; called only for a session that this request begins. */
export type DescribeClient = () => Client;

/** Why a verified token opens nothing. */
export type SessionDenial = 'session_ended' | 'session_idle' | 'invalid_auth_time';

/** An active session and the user's cutoff, of the same read, or why there is none. */
export type FoundSession = (
  | { readonly session: Session; readonly cutoff: Cutoff | undefined; readonly denial?: never }
  | { readonly session?: never; readonly denial: SessionDenial }
) & {
  /** Sessions that MAX_SESSIONS has ended. */
  readonly ended?: readonly Session[];
  /** Why `last_seen` could not be written. */
  readonly touchError?: unknown;
};

/** The sessions of one issuer: registered by a login service, or adopted from the issuer's tokens. */
export interface SessionMode {
  readonly store: SessionStore;
  /**
   * Finds the session of a token.
   *
   * @throws when the store does not answer or refuses, or for a row that violates the schema
   */
  find(token: SessionToken, client: DescribeClient): Promise<FoundSession>;
  /**
   * Ends a session and its successors. On return no token of the family opens anything.
   *
   * @returns whether this call ended the session, for the log only
   * @throws when the store does not answer, refuses, or does not prove the write
   */
  end(session: EndableSession): Promise<boolean>;
  /** Deletes rows ended by a cutoff, where no ended row has to stay. */
  deleteRevoked(sub: string, cutoff: Cutoff): Promise<unknown>;
}
