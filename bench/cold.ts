import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startLogoutSender } from './backchannel.ts';
import { Environment } from './environment.ts';
import { logoutEvent } from './gateway-event.ts';
import {
  type Bench,
  compare,
  measure,
  measureInTurns,
  type PartResult,
  type Row,
  type Turns,
} from './measure.ts';
import { buildBare, buildNaive, type NaiveForm } from './naive/build.ts';
import type { PackagedFunction } from './packaged.ts';
import type { BenchStore, LiveSession } from './store.ts';
import { openTlsFront } from './tls.ts';

/** The time that logout adds to a bare handler's cold start, against the time that the naive bundle adds. */
const COLD_LIMIT = 0.42;
/** A back-channel logout's cold start, key fetch included, against a logout's. */
const BACKCHANNEL_LIMIT = 2;
/** All code in the package of logout, minified, without its map. */
const BUNDLE_LIMIT_KB = 230;

type ColdStart = Awaited<ReturnType<typeof coldStart>>;

/**
 * Cold starts of logout: whole processes, from before their start to the first answer, whose session must be
 * gone. Three conditions: the secret in the environment; in SSM, a second service to call, the default of a
 * deployment; and TLS to the store, as in AWS.
 *
 * The target is against the naive bundle `plain`; the other forms show what one option of esbuild is worth.
 */
export async function measureCold(bench: Bench, turns: Turns): Promise<PartResult> {
  const { store, packages } = bench;
  const { logout } = packages.functions;
  const { AWS_ENDPOINT_URL_DYNAMODB = '' } = store.variables;
  using tls = await openTlsFront(AWS_ENDPOINT_URL_DYNAMODB, packages.directory);
  const naive = (form: NaiveForm) => buildNaive(logout, form, packages.directory);
  const plain = await naive('plain');
  const commonJs = await naive('CommonJS');
  const treeShaken = await naive('tree-shaken');
  const bare = await buildBare('constant', logout, packages.directory);
  const conditions = {
    'secret in the environment': store.variables,
    'secret in SSM': store.ssmVariables,
    'store over TLS': {
      ...store.variables,
      AWS_ENDPOINT_URL_DYNAMODB: tls.url,
      NODE_EXTRA_CA_CERTS: tls.certificate,
    },
  };
  const rows = [bundleRow(logout, plain)];
  for (const [condition, variables] of Object.entries(conditions)) {
    const starts = await measureInTurns(
      [bare, logout, plain, commonJs, treeShaken],
      { ...turns, progress: (line) => turns.progress(`${condition}: ${line}`) },
      (fn) => coldStart(fn, variables, store, fn !== bare),
      1, // fills the operating system's file cache
    );
    const samples = ({ name }: PackagedFunction, value: keyof ColdStart) =>
      starts(name).map((start) => start[value]);
    const added = (fn: PackagedFunction, value: keyof ColdStart) => {
      const floor = measure(samples(bare, value)).median;
      return samples(fn, value).map((sample) => sample - floor);
    };
    const addedRow = (
      what: string,
      value: keyof ColdStart,
      form: PackagedFunction,
      limit?: number,
    ) => {
      const reference = { name: form.name, samples: added(form, value) };
      return compare(`${what}, added, ${condition}`, 'ms', added(logout, value), reference, {
        limit,
      });
    };
    rows.push(
      addedRow('cold start', 'totalMs', plain, COLD_LIMIT),
      addedRow('cold start', 'totalMs', commonJs),
      addedRow('cold start', 'totalMs', treeShaken),
      addedRow('CPU of a cold start', 'cpuMs', plain),
      compare(`process start → first answer, ${condition}`, 'ms', samples(logout, 'totalMs'), {
        name: bare.name,
        samples: samples(bare, 'totalMs'),
      }),
    );
  }
  rows.push(await backchannelRow(bench, turns));
  return { rows };
}

/** Senders of logout tokens wait for 2.5 s and longer, and try once. */
async function backchannelRow({ store, packages }: Bench, turns: Turns): Promise<Row> {
  const { logout, backchannelLogout } = packages.functions;
  await using sender = await startLogoutSender();
  const variables = { ...store.variables, ...sender.variables };
  const starts = await measureInTurns([logout, backchannelLogout], turns, (fn) =>
    fn === logout
      ? coldStart(fn, variables, store, true)
      : coldStart(fn, variables, store, true, ({ session }) => sender.event(session.sub)),
  );
  const samples = ({ name }: PackagedFunction) => starts(name).map(({ totalMs }) => totalMs);
  return compare(
    'process start → first answer, back-channel logout with a key fetch',
    'ms',
    samples(backchannelLogout),
    { name: logout.name, samples: samples(logout) },
    { limit: BACKCHANNEL_LIMIT },
  );
}

async function coldStart(
  fn: PackagedFunction,
  variables: Readonly<Record<string, string>>,
  store: BenchStore,
  endsTheSession: boolean,
  eventOf: (live: LiveSession) => Promise<object> = async ({ token }) => logoutEvent(token),
) {
  const live = await store.beginOne();
  const { session } = live;
  const event = await eventOf(live);
  await using environment = new Environment(fn, variables);
  const { sinceStartMs, cpuMs } = await environment.invoke(event);
  if (endsTheSession && (await store.isAlive(session)))
    throw new Error(`${fn.name} answered 200, and the session is alive`);
  return { totalMs: sinceStartMs, cpuMs };
}

function bundleRow(ours: PackagedFunction, plain: PackagedFunction): Row {
  const plainKb = codeKb(plain);
  const reference = { name: plain.name, samples: [plainKb] };
  const what = `code in the package of logout (at most ${BUNDLE_LIMIT_KB} kB)`;
  return compare(what, 'kB', [codeKb(ours)], reference, { limit: BUNDLE_LIMIT_KB / plainKb });
}

/** All that can be loaded, should it ever be more than one file, in kilobytes of 1,000 bytes. */
function codeKb({ taskRoot }: PackagedFunction): number {
  const bytes = readdirSync(taskRoot, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?js$/.test(file))
    .map((file) => statSync(join(taskRoot, file)).size);
  return bytes.reduce((sum, size) => sum + size, 0) / 1_000;
}
