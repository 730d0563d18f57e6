import { readFileSync } from 'node:fs';

/** A command of a page, as a reader pastes it. */
export interface DocumentedCommand {
  readonly command: string;
  /** The HTTP status that the comment behind it promises. */
  readonly status: number | undefined;
}

/** Pages whose commands tests run, or check. */
export const PAGES_OF_COMMANDS = [
  'README.md',
  'docs/clients.md',
  'docs/deploy.md',
  'docs/login-service.md',
  'docs/resource-servers.md',
];

/** The README's second local run, which tests/e2e/local-gateway.test.ts starts on ports of its own. */
export const SECOND_START = 'npm start -- --httpPort 3020 --lambdaPort 3022';

/** A command for port 3000 as one for a service on another port. */
export function onPort(command: string, port: number): string {
  return command
    .replaceAll('http://localhost:3000', `http://localhost:${port}`)
    .replaceAll(/--port 3000\b/g, `--port ${port}`);
}

/** The code blocks of a page in one language, in order. */
export function codeBlocks(page: string, language: string): readonly string[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].flatMap(([, name, code = '']) =>
    name === language ? [code] : [],
  );
}

/** Every command in the shell blocks of a page, in order, without its comment. */
export function commandsOf(page: string): readonly DocumentedCommand[] {
  const lines = codeBlocks(page, 'sh').flatMap((block) =>
    block.replaceAll(/\\\n\s*/g, '').split('\n'),
  );
  return lines.flatMap((line) => {
    const [, command = '', comment = ''] = /^(.*?)\s*(?:\s#\s(.*))?$/.exec(line) ?? [];
    const status = /^\d{3}$/.exec(comment)?.[0];
    return command === '' ? [] : [{ command, status: status ? Number(status) : undefined }];
  });
}

/** The commands that the text of a page names outside its code blocks. */
export function namedCommandsOf(page: string): readonly string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '');
  const named = [...text.matchAll(/`((?:npm|npx|node|aws|curl|python3|\.ci\/)[^`]*)`/g)];
  return [...new Set(named.map(([, command = '']) => command))];
}

/** The part of a page below a heading, up to the next heading of any level. */
export function sectionOf(page: string, heading: string): string {
  const sections = readFileSync(page, 'utf8').split(/^#+ (?=.+$)/m);
  const found = sections.find((section) => section.startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`${page} has no section ${heading}`);
  return found;
}

/** The variables of each `ini` block in a section, in order. */
export function variablesOf(page: string, heading: string): readonly Record<string, string>[] {
  const blocks = sectionOf(page, heading).matchAll(/^ *```ini\n([\s\S]*?)^ *```$/gm);
  return [...blocks].map(([, block = '']) =>
    Object.fromEntries(
      [...block.matchAll(/^ *([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    ),
  );
}
