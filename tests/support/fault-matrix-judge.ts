/** What an answer amounts to, once its every byte has been looked at. */
export type AnswerKind =
  /** 200, 204 or "allow". */
  | 'success'
  /** 401, or what makes a gateway answer with it. */
  | 'refused'
  /** 404 for a session that is to be ended. */
  | 'gone'
  /** The whole 500 payload, or an authorizer's error under an id. */
  | 'failed'
  /** Anything else, in status, headers or body. */
  | 'malformed';

/** Which of a user's two sessions are alive, by a look at the table around the faulty wire. */
export interface Look {
  /** The one that asks. */
  readonly asker: boolean;
  /** The user's other one. */
  readonly other: boolean;
}

/** What a request is to bring about, and what may be known of it by its end. */
export interface Terms {
  /** The sessions that it ends. */
  readonly ends: readonly (keyof Look)[];
  /** Whether it takes a live session to ask; logout of `this` does not. */
  readonly isProtected: boolean;
  /** `served`: as if there were no fault, for one that passes. `failed`: the 500, for one that lasts. */
  readonly expected: 'served' | 'failed';
  /** Whether the fault may let a write take effect, and only lose its answer. */
  readonly mayHaveEffect: boolean;
  /** Whether the fault is to meet this request at all. */
  readonly meetsFault: boolean;
}

/** One request under one fault, and all that was seen of it. */
export interface Evidence extends Terms {
  readonly kind: AnswerKind;
  /** What there was left of the function's time when it answered, in milliseconds. */
  readonly leftMs: number;
  /** Undefined where a fault lets nothing be counted. */
  readonly metFault: boolean | undefined;
  readonly before: Look;
  readonly after: Look;
}

/** Judges a request by the three rules of the contract. An empty list means that it kept them all. */
export function judge(evidence: Evidence): readonly string[] {
  const { kind, leftMs, metFault, meetsFault } = evidence;
  return [
    ...(leftMs > 0 ? [] : ['answered after Lambda would have ended the function']),
    ...(metFault === undefined || metFault === meetsFault
      ? []
      : [meetsFault ? 'never met its fault' : 'met a fault that it should not have']),
    ...(kind === 'malformed' ? ['an answer in no known form'] : []),
    ...answerProblems(evidence),
    ...storeProblems(evidence),
  ];
}

function answerProblems({ kind, expected, isProtected, ends, before, after, ...rest }: Evidence) {
  const problems: string[] = [];
  const alive = ends.filter((session) => after[session]);
  if (kind === 'success' && alive.length > 0)
    problems.push(`a false success: still alive: ${alive.join(', ')}`);
  if (kind === 'gone' && after.other) problems.push('a false 404: the session is alive');
  if (kind === 'success' && isProtected && !before.asker)
    problems.push('fail-open: a dead session was let in');
  if (expected === 'failed') {
    if (kind !== 'failed') problems.push(`${kind}, where nobody could know`);
    return problems;
  }
  const right: readonly AnswerKind[] =
    isProtected && !before.asker
      ? ['refused']
      : // A delete that is tried again finds nothing; whose doing that was can't be known.
        ['success', ...(rest.mayHaveEffect && ends.includes('other') ? ['gone' as const] : [])];
  if (!right.includes(kind)) problems.push(`${kind} in place of ${right.join(' or ')}`);
  return problems;
}

function storeProblems({ kind, ends, mayHaveEffect, before, after }: Evidence): string[] {
  const mayEnd = kind === 'success' || kind === 'gone' || (kind === 'failed' && mayHaveEffect);
  return (['asker', 'other'] as const).flatMap((session) => {
    if (after[session] === before[session]) return [];
    if (after[session]) return [`${session} has come back to life`];
    return mayEnd && ends.includes(session) ? [] : [`${session} was ended without a reason`];
  });
}
