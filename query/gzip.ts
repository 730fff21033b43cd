/** How answers over HTTP are compressed. */
import type { IncomingMessage } from 'node:http';
import { gzip } from 'node:zlib';

/** Smaller bodies are sent as they are, bytes. */
const gzipFrom = 1024;

/** Whether the client takes gzip: `Accept-Encoding` names it, and not with weight 0. */
export function acceptsGzip({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const named = String(headers['accept-encoding'] ?? '');
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(named);
}

/** Whether a body is worth it, and the client takes it. */
export function wantsGzip(request: Pick<IncomingMessage, 'headers'>, body: Uint8Array): boolean {
  return body.length >= gzipFrom && acceptsGzip(request);
}

/** @param level 1 = fast to 9 = small */
export function gzipped(body: Uint8Array, level: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(body, { level }, (error, out) => (error === null ? resolve(out) : reject(error)));
  });
}
