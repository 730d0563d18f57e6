import { decodeUtf8, isObject, parseJson } from '../lib/shared/json.ts';
import type { VerificationKey } from '../lib/tokens/key-set.ts';
import { type Issuer, type Verification, verifyToken } from '../lib/tokens/verify.ts';
import { attempt } from './attempt.ts';

/** JSON of a token. */
export type Json = Readonly<Record<string, unknown>>;

/** A token, and what the verifier has made of it. */
export interface Examined {
  readonly token: string;
  /** As the token has it, verified or not; empty where there is no JSON object. */
  readonly header: Json;
  readonly claims: Json;
  readonly issuers: readonly Issuer[];
  /** The token's; undefined where its `iss` names none of several. */
  readonly issuer: Issuer | undefined;
  /** Keys that may have signed the header, and how many of them were tried; the last one decided. */
  readonly keys: readonly VerificationKey[];
  readonly tried: number;
  /** The verification, or why the keys cannot be read. */
  readonly outcome: Verification | Error;
}

/** Verifies a token as every endpoint does, and takes note of the keys that the verifier uses. */
export async function examine(token: string, issuers: readonly Issuer[]): Promise<Examined> {
  const [header, claims] = token.split('.').map(jsonOf);
  const issuer = issuers.length === 1 ? issuers[0] : issuers.find((i) => i.issuer === claims?.iss);
  let keys: readonly VerificationKey[] = [];
  let tried = 0;
  const observed = issuers.map((each): Issuer => {
    const resolve: Issuer['keys']['resolve'] = async (...lookup) => {
      const snapshot = await each.keys.resolve(...lookup);
      [keys, tried] = [snapshot.value, 0];
      const counted = keys.map((key) => ({
        ...key,
        keyFor: (...asked: Parameters<typeof key.keyFor>) => {
          tried += 1;
          return key.keyFor(...asked);
        },
      }));
      return { ...snapshot, value: counted };
    };
    return { ...each, keys: { ...each.keys, resolve } };
  });
  const outcome = await attempt(() => verifyToken(token, observed));
  return {
    token,
    header: header ?? {},
    claims: claims ?? {},
    issuers,
    issuer,
    keys,
    tried,
    outcome,
  };
}

function jsonOf(part: string): Json {
  const value = parseJson(decodeUtf8(Buffer.from(part, 'base64url')) ?? '');
  return isObject(value) ? value : {};
}
