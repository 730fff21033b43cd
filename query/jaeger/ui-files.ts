/** A built Jaeger UI served from a folder, with what its server writes into index.html. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { ApiResponse } from './http.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
};

const maxFileBytes = 32 << 20;

/** Which built Jaeger UI is served, and where. */
export interface UiOptions {
  /** Folder with index.html. */
  readonly dir: string;
  /** Path prefix under which everything is served: '' or `/jaeger`. */
  readonly basePath: string;
  readonly version: string;
}

const capabilities = {
  archiveStorage: false,
  metricsStorage: false,
  searchWithoutServiceName: true,
  aiAssistant: false,
};
const uiConfig = { dependencies: { menuEnabled: true }, archiveEnabled: false };

/** index.html with configuration, version, capabilities and base path filled in. */
export function injectIndex(html: string, options: UiOptions): string {
  const script = (value: unknown): string =>
    JSON.stringify(value).replaceAll('<', '\\u003c').replaceAll('\u2028', '\\u2028');
  const version = { gitCommit: '', gitVersion: `v${options.version}`, buildDate: '' };
  return html
    .replace('JAEGER_CONFIG = DEFAULT_CONFIG;', () => `JAEGER_CONFIG = ${script(uiConfig)};`)
    .replace('JAEGER_VERSION = DEFAULT_VERSION;', () => `JAEGER_VERSION = ${script(version)};`)
    .replace(
      /JAEGER_(BACKEND|STORAGE)_CAPABILITIES = DEFAULT_\1_CAPABILITIES;/g,
      (_, kind: string) => `JAEGER_${kind}_CAPABILITIES = ${script(capabilities)};`,
    )
    .replace('<base href="/"', () => `<base href="${options.basePath}/"`);
}

async function file(dir: string, path: string): Promise<Buffer | undefined> {
  try {
    const root = await realpath(dir);
    const full = await realpath(join(root, path));
    if (!full.startsWith(root + sep)) return undefined;
    const info = await stat(full);
    return info.isFile() && info.size <= maxFileBytes ? await readFile(full) : undefined;
  } catch {
    return undefined;
  }
}

/** The file at `path`, or index.html for any path of the single-page application. */
export async function uiFile(options: UiOptions, path: string): Promise<ApiResponse> {
  const found = path === '/' || path === '/index.html' ? undefined : await file(options.dir, path);
  if (found !== undefined) {
    return {
      status: 200,
      contentType: types[extname(path)] ?? 'application/octet-stream',
      body: found,
      headers: { 'Cache-Control': 'max-age=3600' },
    };
  }
  const index = await file(options.dir, 'index.html');
  if (index === undefined) {
    const body = `cannot read index.html in ui_dir ${JSON.stringify(options.dir)}\n`;
    return { status: 500, contentType: 'text/plain; charset=utf-8', body };
  }
  return {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body: injectIndex(index.toString('utf8'), options),
    headers: { 'Cache-Control': 'no-cache' },
  };
}

/** What the root shows where no UI is configured. */
export function landing(): ApiResponse {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Wirestitch</title>
<h1>Jaeger query API</h1>
<p>Point Jaeger UI or Grafana's Jaeger data source at this address, or set
<code>ui_dir</code> of the extension <code>jaeger_query</code> to a built Jaeger UI.</p>
<ul><li><a href="api/services">/api/services</a></li>
<li><a href="api/v3/services">/api/v3/services</a></li></ul></html>\n`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body };
}
