import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';

/** A file of the page /docs, ready to be sent. */
export interface DocsFile {
  readonly contentType: string;
  readonly bytes: Buffer;
  /** Null where compressing makes it no smaller to speak of, such as an image. */
  readonly gzipped: Buffer | null;
  /**
   * Of the content: it changes with every byte, so that a browser may keep what it has. Weak, as the
   * compressed bytes have the same one (RFC 9110, section 8.8.3.3).
   */
  readonly etag: string;
}

const SWAGGER_UI = 'node_modules/swagger-ui-dist';
const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** The page itself, which /docs answers. */
const PAGE: Source = ['docs-page/index.html', HTML];

/** All that is served below /docs/, and nothing else, by name: no path is made of what clients send. */
const FILES: ReadonlyMap<string, Source> = new Map([
  ['page.css', ['docs-page/page.css', CSS]],
  ['start.js', ['docs-page/start.js', SCRIPT]],
  ['favicon-32x32.png', [`${SWAGGER_UI}/favicon-32x32.png`, 'image/png']],
  ['swagger-ui-bundle.js', [`${SWAGGER_UI}/swagger-ui-bundle.js`, SCRIPT]],
  ['swagger-ui.css', [`${SWAGGER_UI}/swagger-ui.css`, CSS]],
]);

/** Where a file is, and what it is. */
type Source = readonly [path: string, contentType: string];

/** The files that the function reads, for its package (infra/docs-page.yml) to have them. */
export const DOCS_SOURCES: readonly string[] = [PAGE, ...FILES.values()].map(([path]) => path);

/** Read once in the life of a function's process, as a package doesn't change. */
const loaded = new Map<Source, DocsFile>();

/**
 * Finds a file of the page.
 *
 * @param name the part of the path after `/docs/`; the page itself without one
 * @returns null for what is not among them
 * @throws when a file is missing in the package
 */
export async function docsFile(name: string | undefined): Promise<DocsFile | null> {
  const source = name === undefined ? PAGE : FILES.get(name);
  if (!source) return null;
  const file = loaded.get(source) ?? (await load(source));
  loaded.set(source, file);
  return file;
}

async function load([path, contentType]: Source): Promise<DocsFile> {
  // Relative to the working directory, which is the package's root in Lambda and the project's here.
  const bytes = await readFile(path);
  const gzipped = gzipSync(bytes);
  return {
    contentType,
    bytes,
    gzipped: gzipped.length < bytes.length * 0.9 ? gzipped : null,
    etag: `W/"${createHash('sha256').update(bytes).digest('base64url')}"`,
  };
}
