import type { ServerResponse } from 'node:http';
import type { HeaderPairs } from '../../config/groups/cors.ts';
import { httpStatus } from '../../wire/status/http.ts';
import { encodeStatus, type Status, statusJson } from '../../wire/status/status.ts';
import type { Format } from './ingest.ts';

const contentType: Readonly<Record<Format, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
};

const empty = Buffer.alloc(0);
const emptyJson = Buffer.from('{"partialSuccess":{}}');

/** Writes a whole answer. */
function answer(
  response: ServerResponse,
  status: number,
  type: string,
  body: Buffer | string,
  extra: HeaderPairs,
): void {
  if (response.headersSent || response.destroyed) return;
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, ['content-type', type, 'content-length', length, ...extra]);
  response.end(body);
}

/** Export*ServiceResponse without partial_success. */
export function answerSuccess(response: ServerResponse, format: Format, extra: HeaderPairs): void {
  answer(response, 200, contentType[format], format === 'json' ? emptyJson : empty, extra);
}

/**
 * google.rpc.Status in the encoding of the request; Retry-After, in whole seconds, with the HTTP
 * statuses that ask to come again.
 * @param http where it is not what the code stands for
 */
export function answerFailure(
  response: ServerResponse,
  format: Format,
  status: Status,
  extra: HeaderPairs,
  http: number = httpStatus(status.code),
): void {
  const headers = [...extra];
  if (status.retryDelayMs !== undefined && (http === 429 || http === 503)) {
    headers.push('retry-after', String(Math.max(1, Math.ceil(status.retryDelayMs / 1000))));
  }
  const body = format === 'json' ? statusJson(status) : encodeStatus(status);
  answer(response, http, contentType[format], body, headers);
}

/** A plain text that ends in no newline, as net/http's helpers of the Go collector write it. */
export function answerText(
  response: ServerResponse,
  status: number,
  text: string,
  extra: HeaderPairs,
): void {
  answer(response, status, 'text/plain', text, extra);
}
