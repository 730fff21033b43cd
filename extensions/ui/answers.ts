/** How answers go out: headers, compression, streams of events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { acceptsGzip, gzipped, wantsGzip } from '../../query/gzip.ts';
import type { SendEvent, WebAnswer, WebError } from '../../query/web/route.ts';
import type { PageFile } from './files.ts';

/** A client that lets more than this wait is not told more. */
const mostWaitingBytes = 256 << 10;

/** Scripts and styles of the page itself, requests to it, and nothing from elsewhere. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const always = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Answers are compressed each time, files of the page once. */
const levels = { answer: 2, file: 9 };

/** The page's files compressed once; there are few, and they do not change. */
export class FileCache {
  readonly #zipped = new Map<PageFile, Buffer>();

  async send(request: IncomingMessage, response: ServerResponse, file: PageFile): Promise<void> {
    const zip = wantsGzip(request, file.body);
    let { body } = file;
    if (zip) {
      body = this.#zipped.get(file) ?? (await gzipped(file.body, levels.file));
      this.#zipped.set(file, body);
    }
    const caching = file.immutable ? 'max-age=31536000, immutable' : 'no-cache';
    finish(request, response, 200, body, {
      'Content-Type': file.contentType,
      'Cache-Control': caching,
      ...(zip ? { 'Content-Encoding': 'gzip' } : {}),
    });
  }
}

function finish(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  if (response.destroyed || response.headersSent) return;
  const length = { 'Content-Length': body.length, Vary: 'Accept-Encoding' };
  response.writeHead(status, { ...always, ...headers, ...length });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** An answer that is there as a whole. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Exclude<WebAnswer, { events: unknown } | { chunks: unknown }>,
): Promise<void> {
  const isText = 'text' in answer;
  const text = isText ? answer.text : JSON.stringify(answer.json);
  const plain = Buffer.from(text);
  const zip = wantsGzip(request, plain);
  const body = zip ? await gzipped(plain, levels.answer) : plain;
  const headers: Record<string, string> = {
    'Content-Type': isText ? answer.contentType : 'application/json',
    'Cache-Control': 'no-store',
  };
  if (zip) headers['Content-Encoding'] = 'gzip';
  if (isText && answer.fileName !== undefined) {
    headers['Content-Disposition'] = attachment(answer.fileName);
  }
  if (!isText && answer.maxAgeS !== undefined) {
    headers['Cache-Control'] = `private, max-age=${answer.maxAgeS}`;
  }
  finish(request, response, 200, body, headers);
}

function attachment(fileName: string): string {
  return `attachment; filename="${fileName.replace(/[^\w.-]/g, '_')}"`;
}

/** Bytes that are handed on at once. */
const chunkBytes = 64 << 10;

/** A client that takes nothing for so long is left, ms. */
const mostStillMs = 60_000;

/**
 * An answer that is made as the client takes it. Rejects where the making of a piece does; a client
 * that leaves is no fault.
 */
export async function sendChunks(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Extract<WebAnswer, { chunks: unknown }>,
): Promise<void> {
  if (response.destroyed) return;
  response.setTimeout(mostStillMs, () => response.destroy());
  const zip = acceptsGzip(request);
  response.writeHead(200, {
    ...always,
    'Content-Type': answer.contentType,
    'Cache-Control': 'no-store',
    Vary: 'Accept-Encoding',
    ...(zip ? { 'Content-Encoding': 'gzip' } : {}),
    ...(answer.fileName === undefined
      ? {}
      : { 'Content-Disposition': attachment(answer.fileName) }),
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const source = Readable.from(inPieces(answer.chunks));
  const sent = zip
    ? pipeline(source, createGzip({ level: levels.answer }), response)
    : pipeline(source, response);
  await sent.catch((error: unknown) => {
    if (!gone.has((error as { code?: string }).code ?? '')) throw error;
  });
}

/** Codes of errors that a client makes who leaves. */
const gone = new Set(['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE']);

function* inPieces(chunks: Iterable<string>): Generator<Buffer> {
  let waiting = '';
  for (const chunk of chunks) {
    waiting += chunk;
    if (waiting.length < chunkBytes) continue;
    yield Buffer.from(waiting);
    waiting = '';
  }
  if (waiting !== '') yield Buffer.from(waiting);
}

/** A refusal, in the form that the page reads. */
export function sendError(request: IncomingMessage, response: ServerResponse, e: WebError): void {
  const { reason, message, hint } = e;
  const body = Buffer.from(JSON.stringify({ error: { reason, message, hint } }));
  finish(request, response, e.status, body, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
  });
}

/** A text, for what is not asked by the page. */
export function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
): void {
  finish(request, response, status, Buffer.from(text), {
    'Content-Type': 'text/plain; charset=utf-8',
    'Cache-Control': 'no-store',
  });
}

/** Begins a stream of events. @returns undefined where only the headers are asked for */
export function openEvents(
  request: IncomingMessage,
  response: ServerResponse,
): SendEvent | undefined {
  response.writeHead(200, {
    ...always,
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
  });
  if (request.method === 'HEAD') {
    response.end();
    return undefined;
  }
  response.flushHeaders();
  return (event, data) => {
    if (response.destroyed || response.writableLength > mostWaitingBytes) return false;
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    return true;
  };
}
