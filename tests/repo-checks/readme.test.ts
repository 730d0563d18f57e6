import { accessSync, constants, readFileSync } from 'node:fs';
import { runCommand } from '../support/commands.ts';
import { namedCommandsOf } from '../support/documents.ts';

const readme = readFileSync('README.md', 'utf8');

describe('a command that the README names in its text', () => {
  const steps = [...readFileSync('.ci/run', 'utf8').matchAll(/^ *step '[^']+' \d+ (.+)$/gm)].map(
    ([, command = '']) => command,
  );
  /** They take minutes: only what they say to a wrong option is looked at. */
  const MINUTES: Readonly<Record<string, readonly [option: string, answer: string]>> = {
    'npm run bench': ['nothing', 'Parts: cold, warm'],
    'npm run bench:gap': ['--rounds none', '--rounds takes a whole number'],
  };

  test.each(namedCommandsOf('README.md'))('%s is one that is run', async (command) => {
    const [option, answer] = MINUTES[command] ?? [];
    if (option !== undefined) {
      const { output } = await runCommand('bash', ['-c', `${command} -- ${option}`]);
      expect(output).toContain(answer);
    } else if (command === '.ci/run') accessSync(command, constants.X_OK);
    // tests/e2e/documented-commands.test.ts runs it.
    else if (command === 'npm start') expect(readme).toContain('npm start -- --httpPort');
    else expect(steps.some((step) => `${step} `.startsWith(`${command} `))).toBe(true);
  });
});

test('the comparison has no source that leads nowhere, or that nothing rests on', () => {
  const comparison = readFileSync('docs/comparison.md', 'utf8');
  const defined = [...comparison.matchAll(/^\[([\w-]+)\]: https:\/\/\S+$/gm)].map(
    ([, name]) => name,
  );
  const used = [...comparison.matchAll(/\]\[([\w-]+)\]/g)].map(([, name]) => name);
  expect(new Set(used)).toEqual(new Set(defined));
  expect(defined).toHaveLength(new Set(defined).size);
});
