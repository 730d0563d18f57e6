import { randomUUID } from 'node:crypto';
import { expect, jest, test } from '@jest/globals';
import { createSession } from '../../../lib/login/create-session.ts';
import { findSession } from '../../../lib/sessions/sessions.ts';
import { FAR_NOW_MS as NOW_MS, useFrozenDate } from '../../support/clock.ts';
import { typescriptSessions } from '../../support/model-typescript.ts';
import { expectModel } from '../../support/session-model.ts';
import { useTestStore } from '../../support/store.ts';

jest.setTimeout(240_000);

const store = useTestStore();

useFrozenDate(NOW_MS);

test.each([
  ['', { numRuns: 40 }],
  [', with idle time-outs and limits', { numRuns: 40, idleMs: 2_000, limits: true }],
])(
  'the store keeps the promise of the model, whatever is done in whatever order%s',
  async (_, options) => {
    const sub = randomUUID();
    const life = { auth_time: NOW_MS - 1, expires_at: NOW_MS / 1_000 + 60 };
    const bystander = { sub, jti: 'b', sid: 'b', ...life };
    await createSession(store, bystander);
    const implementation = typescriptSessions({ ...store, ...options });
    await expectModel(() => implementation, { startMs: NOW_MS, ...options });
    expect(await findSession(store, bystander, NOW_MS)).toEqual(bystander);
  },
);
