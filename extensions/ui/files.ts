/** The built page, held in memory: it is small, and nothing else of the disk can be asked for. */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

/** More is not the page. */
const mostBytes = 16 << 20;

/** One file of the page, as it is answered. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
  /** Its name says its content: it may be kept for good. */
  readonly immutable: boolean;
}

/** Files by path from `/` on; `/` itself is the page, which also stands for each of its screens. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/**
 * @param folder what `vite build` made
 * @param basePath path prefix that the page is told of, '' or `/x`
 * @returns undefined when nothing is built there
 */
export async function readPage(folder: string, basePath: string): Promise<PageFiles | undefined> {
  const files = new Map<string, PageFile>();
  let bytes = 0;
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of found) {
    const contentType = types[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const full = join(entry.parentPath, entry.name);
    const body = await readFile(full);
    bytes += body.length;
    if (bytes > mostBytes) throw new Error(`cannot serve ${folder}: over ${mostBytes} bytes`);
    const path = `/${relative(folder, full).split(sep).join('/')}`;
    files.set(path, { contentType, body, immutable: path.startsWith('/assets/') });
  }
  const index = files.get('/index.html');
  if (index === undefined) return undefined;
  const html = index.body.toString().replace('<base href="/"', `<base href="${basePath}/"`);
  files.delete('/index.html');
  return files.set('/', { ...index, body: Buffer.from(html) });
}
