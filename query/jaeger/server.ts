/** The HTTP server before the Jaeger API: Host check, limits, compression, static files. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipped, wantsGzip } from '../gzip.ts';
import { type ApiOptions, answer } from './api.ts';
import type { ApiResponse } from './http.ts';
import { landing, type UiOptions, uiFile } from './ui-files.ts';

export interface ServerOptions extends ApiOptions {
  /** '' or a path prefix such as `/jaeger`. */
  readonly basePath: string;
  /** What is wrong with a Host header; undefined = nothing. */
  readonly checkHost: (host: string | undefined) => string | undefined;
  readonly ui: UiOptions | undefined;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  /** Called for failures that are the program's own. */
  readonly onBug: (error: unknown) => void;
}

const maxBodyBytes = 32 << 20;
/** Bodies of all requests that are being answered. */
const maxBodiesBytes = 2 * maxBodyBytes;

/** An unstarted server. */
export function jaegerServer(options: ServerOptions): Server {
  const bodies: Bodies = { bytes: 0 };
  const server = createServer({ maxHeaderSize: 64 << 10 }, (request, response) => {
    respond(options, request, bodies)
      .catch((error: unknown): ApiResponse => {
        options.onBug(error);
        return plain(500, 'internal error\n');
      })
      .then((answered) => send(request, response, answered, options.additionalHeaders))
      .catch(options.onBug);
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  server.maxConnections = 1000;
  return server;
}

function plain(status: number, body: string): ApiResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

/** Bytes of bodies that are held now. */
interface Bodies {
  bytes: number;
}

async function respond(
  options: ServerOptions,
  request: IncomingMessage,
  bodies: Bodies,
): Promise<ApiResponse> {
  const foreign = options.checkHost(request.headers.host);
  if (foreign !== undefined) return plain(403, `${foreign}\n`);
  const [target = '', search = ''] = splitTarget(request.url ?? '/');
  const { basePath } = options;
  if (basePath !== '' && target !== basePath && !target.startsWith(`${basePath}/`)) {
    return plain(404, '404 page not found\n');
  }
  const path = target.slice(basePath.length) || '/';
  const query = new URLSearchParams(search);
  const answered = await withBody(request, bodies, (body) =>
    answer(options, { method: request.method ?? '', path, query, body }),
  );
  if (answered !== undefined) return answered;
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return plain(405, 'method not allowed\n');
  }
  if (options.ui !== undefined) return uiFile(options.ui, decodePath(path));
  return path === '/' ? landing() : plain(404, '404 page not found\n');
}

function splitTarget(url: string): [string, string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
}

/** Reads the body of a POST and gives it to `use`; its bytes count until that has answered. */
async function withBody(
  request: IncomingMessage,
  bodies: Bodies,
  use: (body: Buffer) => Promise<ApiResponse | undefined>,
): Promise<ApiResponse | undefined> {
  if (request.method !== 'POST') return use(Buffer.alloc(0));
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of request as AsyncIterable<Buffer>) {
      bytes += part.length;
      bodies.bytes += part.length;
      if (bytes > maxBodyBytes) return plain(413, `cannot take more than ${maxBodyBytes} bytes\n`);
      if (bodies.bytes > maxBodiesBytes) {
        return plain(503, 'too many large bodies are being read, try again later\n');
      }
      parts.push(part);
    }
    return await use(Buffer.concat(parts));
  } finally {
    bodies.bytes -= bytes;
  }
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answered: ApiResponse,
  additional: Readonly<Record<string, string>>,
): Promise<void> {
  const plainBody = Buffer.from(answered.body);
  const headers: Record<string, string | number> = {
    'Content-Type': answered.contentType,
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding',
    ...additional,
    ...answered.headers,
  };
  const zip = wantsGzip(request, plainBody);
  const body = zip ? await gzipped(plainBody, 1) : plainBody;
  if (zip) headers['Content-Encoding'] = 'gzip';
  headers['Content-Length'] = body.length;
  response.writeHead(answered.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}
