import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const SHEET = 'docs/security.md';
const PAGES = [...globSync('*.md'), ...globSync('docs/*.md')];

interface Citation {
  readonly file: string;
  readonly title: string;
}

/** A requirement's row: its numbers, what became of it, and why. */
interface Row {
  readonly numbers: string;
  readonly status: string;
  readonly reason: string;
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** Tests are named as `tests/x.test.ts` “title”, “another title”. */
function citationsIn(text: string): readonly Citation[] {
  return [...text.matchAll(/`(tests\/[^`]+\.test\.ts)`((?:,? “[^”]+”)+)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => ({ file, title })),
  );
}

/**
 * Whether a test, or a group of tests, has this title: as in the source, before `%s` is filled in. A citation may
 * end in `…` in place of the rest of the title.
 */
function hasTest({ file, title }: Citation): boolean {
  if (!existsSync(file)) return false;
  const literal = title.replace(/…$/, '').replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const rest = title.endsWith('…') ? '[^\\n]*?' : '';
  return new RegExp(`\\(\\s*(['"\`])${literal}${rest}\\1,`).test(read(file));
}

function rowsOf(text: string): readonly Row[] {
  return text
    .split('\n')
    .map((line) => /^\| ([\d.]+[^|]*) \| [^|]+ \| ([^|]*) \| ?(.*) ?\|$/.exec(line))
    .flatMap((match) => {
      const [, numbers = '', status = '', reason = ''] = match ?? [];
      return match ? [{ numbers, status, reason: reason.trim() }] : [];
    });
}

/** GitHub's: https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#section-links */
function anchorsOf(text: string): readonly string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the security sheet', () => {
  const sheet = read(SHEET);
  const rows = rowsOf(sheet);

  test('names tests that are there', () => {
    const citations = citationsIn(sheet);
    expect(citations.length).toBeGreaterThan(100);
    expect(citations.filter((citation) => !hasTest(citation))).toEqual([]);
  });

  test.each<[string, readonly number[]]>([
    ['7', [3, 4, 2, 5, 3, 2]],
    ['9', [3, 4]],
    ['16', [1, 5, 4, 3, 4]],
  ])('has every requirement of ASVS chapter V%s once', (chapter, counts) => {
    const expected = counts.flatMap((count, section) =>
      Array.from({ length: count }, (_, index) => `${chapter}.${section + 1}.${index + 1}`),
    );
    const numbers = rows.flatMap((row) => row.numbers.match(/\b\d+\.\d+\.\d+\b/g) ?? []);
    expect(numbers.filter((number) => number.startsWith(`${chapter}.`))).toEqual(expected);
  });

  test('has every recommendation of RFC 8725 once', () => {
    const section = sheet.slice(sheet.indexOf('\n## RFC 8725'));
    expect(rowsOf(section).map(({ numbers }) => numbers)).toEqual(
      Array.from({ length: 12 }, (_, index) => `3.${index + 1}`),
    );
  });

  test('says of nothing that it is met without a test or a document', () => {
    const met = rows.filter(({ status }) => status === 'met');
    expect(met.length).toBeGreaterThan(50);
    expect(
      met.filter(({ reason }) => citationsIn(reason).length === 0 && !/\]\([^)]+\)/.test(reason)),
    ).toEqual([]);
  });

  test('has a reason for what is not met, and a source for what the platform does', () => {
    const known = ['met', 'partly', 'platform', 'not met', 'elsewhere', 'n/a'];
    expect(rows.filter(({ status }) => !known.includes(status))).toEqual([]);
    for (const { status, reason } of rows) {
      if (status === 'partly' || status === 'not met')
        expect(reason.split(' ').length).toBeGreaterThan(3);
      if (status === 'platform') expect(reason).toMatch(/https:\/\/\S+/);
    }
  });
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('names files that are there', () => {
    const files = [...text.matchAll(/`((?:\w[\w-]*\/)+[\w.-]+\.\w+)`/g)].map(
      ([, file]) => `${file}`,
    );
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  test('names scripts that npm can run', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const names = [...text.matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(
      ([, name]) => `${name}`,
    );
    expect(names.filter((name) => !(name in scripts))).toEqual([]);
  });

  test('links to what is there', () => {
    const targets = [
      ...text.matchAll(/\]\(([^)]+)\)|<(?:img|source)\b[^>]* src(?:set)?="([^"]+)"/g),
    ]
      .map(([, target, picture = '']) => target ?? picture)
      .filter((target) => !/^https?:/.test(target));
    const dead = targets.filter((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      return !existsSync(file) || (anchor !== undefined && !anchorsOf(read(file)).includes(anchor));
    });
    expect(dead).toEqual([]);
  });
});
