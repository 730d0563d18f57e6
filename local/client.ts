/** npm run client: the OAuth clients of introspection and revocation. */
import { hash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type OAuthClients, parseClients } from '../lib/oauth/clients.ts';
import { defined } from '../lib/shared/json.ts';
import { attempt } from '../support/attempt.ts';
import { runCommand, UsageError } from '../support/command-line.ts';
import { targetEnvironment } from './target.ts';

const USAGE = `Manages the OAuth clients that may introspect and revoke tokens.

  npm run --silent client -- add gateway [--stage dev [--key <KMS key>]]
  npm run --silent client -- rotate gateway [--stage dev]   # the old secret stays good until the next rotate
  npm run --silent client -- remove gateway [--stage dev]
  npm run --silent client -- list [--stage dev]

With --stage it writes the SSM parameter that oauthClientsParameter of the stage names. Without, it reads the
shell's OAUTH_CLIENTS and prints the value for the next npm start. --key names the customer's key of the parameter.`;

/** Hashes of secrets by client id. */
type Hashes = Map<string, readonly string[]>;

/** Where clients are kept. */
interface Clients {
  readonly hashes: Hashes;
  /** Stores the text, and answers what to do next. */
  save(text: string): Promise<string>;
}

export async function manageClients(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      stage: { type: 'string' },
      key: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [action = '', id, ...rest] = positionals;
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  if (rest.length > 0 || !['add', 'rotate', 'remove', 'list'].includes(action))
    throw new UsageError(USAGE);
  const { stage, key } = values;
  const clients = stage === undefined ? shellClients() : await stageClients(stage, key);
  if (action === 'list') {
    for (const [name, { length }] of clients.hashes)
      process.stdout.write(`${name}${length > 1 ? '  (two secrets: a rotation)' : ''}\n`);
    return;
  }
  if (!id) throw new UsageError(`Name the client: npm run client -- ${action} gateway`);
  const secret = change(clients.hashes, action, id);
  const texts = [...clients.hashes].map(([name, hashes]) => [name, hashes.join(' ')]);
  const next = await clients.save(JSON.stringify(Object.fromEntries(texts)));
  // After the hash is stored: a secret that was printed has to work.
  if (secret) process.stdout.write(`client_id=${id}\nclient_secret=${secret}\n`);
  process.stderr.write(`${next}\n`);
}

/** @returns the new secret: 256 random bits, which need no slow hash */
function change(clients: Hashes, action: string, id: string): string | undefined {
  const known = clients.get(id);
  if (action === 'add' && known) throw new UsageError(`There is a client ${id}; rotate its secret`);
  if (action !== 'add' && !known) throw new UsageError(`There is no client ${id}`);
  if (action === 'remove') {
    clients.delete(id);
    return undefined;
  }
  const secret = randomBytes(32).toString('base64url');
  clients.set(id, [...(known ?? []).slice(-1), hash('sha256', secret)]);
  return secret;
}

function shellClients(): Clients {
  const { OAUTH_CLIENTS = '' } = process.env;
  return {
    hashes: new Map(parseClients(OAUTH_CLIENTS || '{}', 'OAUTH_CLIENTS')),
    save: async (text) =>
      `For the local run: export OAUTH_CLIENTS='${text.replaceAll("'", `'\\''`)}'; npm start`,
  };
}

async function stageClients(stage: string, KeyId?: string): Promise<Clients> {
  const { OAUTH_CLIENTS_PARAMETER: Name } = await targetEnvironment({ stage });
  if (!Name)
    throw new UsageError(
      `Stage ${stage} has no oauthClientsParameter: deploy it with --param "oauthClientsParameter=/true-logout/${stage}/oauth-clients"`,
    );
  const ssm = new SSMClient({});
  return {
    hashes: new Map(await readParameter(ssm, Name)),
    save: async (Value) => {
      const options = { Type: 'SecureString', Overwrite: true, ...defined({ KeyId }) } as const;
      await ssm.send(new PutParameterCommand({ Name, Value, ...options }));
      return `Written to ${Name}. A new secret works after 5 seconds; a removed one ends within 5 minutes.`;
    },
  };
}

async function readParameter(ssm: SSMClient, Name: string): Promise<OAuthClients> {
  const found = await attempt(() =>
    ssm.send(new GetParameterCommand({ Name, WithDecryption: true })),
  );
  if (found instanceof Error) {
    if (found.name === 'ParameterNotFound') return new Map();
    throw found;
  }
  return parseClients(found.Parameter?.Value ?? '', 'OAUTH_CLIENTS_PARAMETER');
}

if (import.meta.main) await runCommand(manageClients);
