/** How answers of the query APIs go out: compressed where that is taken, long ones in pieces. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { acceptsGzip, gzipped, wantsGzip } from './gzip.ts';
import type { LongBody } from './long-body.ts';

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Fast rather than small: answers are made once. */
const level = 1;
/** Of a long answer so much is made before it is begun: most are shorter, and can still fail. */
const heldLength = 1 << 20;

/** Sends an answer that is there; a client that is gone, or has an answer, is told nothing. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
): Promise<void> {
  const plain = Buffer.from(answer.body);
  const zip = wantsGzip(request, plain);
  const body = zip ? await gzipped(plain, level) : plain;
  if (response.destroyed || response.headersSent) return;
  const headers = { ...headersOf(answer, zip), 'Content-Length': body.length };
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}

function headersOf(
  { contentType, headers }: Pick<Answer, 'contentType' | 'headers'>,
  zip: boolean,
): Record<string, string> {
  return {
    ...headers,
    'Content-Type': contentType,
    'X-Content-Type-Options': 'nosniff',
    Vary: 'Accept-Encoding',
    ...(zip ? { 'Content-Encoding': 'gzip' } : {}),
  };
}

export interface LongAnswer {
  readonly contentType: string;
  readonly body: LongBody;
  /** Set to `true` where something was cut off; a trailer where that shows up on the way. */
  readonly cutOffHeader: string;
}

/**
 * Sends an answer of status 200 as it is made, no faster than the client takes it and with turns of
 * the loop between. Rejects where it cannot be made: with nothing sent if that shows early.
 */
export async function sendLong(
  request: IncomingMessage,
  response: ServerResponse,
  answer: LongAnswer,
): Promise<void> {
  const { contentType, body, cutOffHeader } = answer;
  let held = '';
  let told = false;
  let out: Writable | undefined;
  const headers = (): Record<string, string> => {
    told = body.cutOff;
    return told ? { [cutOffHeader]: 'true' } : {};
  };
  const take = async (text: string): Promise<void> => {
    if (response.destroyed) throw left;
    if (out !== undefined) await write(out, response, text);
    else if (held.length + text.length < heldLength) held += text;
    else {
      const zip = acceptsGzip(request);
      const trailer = body.cutOff ? {} : { Trailer: cutOffHeader };
      response.writeHead(200, {
        ...headersOf({ contentType, headers: headers() }, zip),
        ...trailer,
      });
      out = bodyOf(response, zip);
      if (request.method === 'HEAD') throw left;
      await write(out, response, held + text);
      held = '';
    }
    await setImmediate();
  };
  try {
    await body.write(take);
    if (out === undefined) {
      const whole = { status: 200, contentType, headers: headers(), body: held };
      await sendAnswer(request, response, whole);
    } else if (body.cutOff && !told) response.addTrailers({ [cutOffHeader]: 'true' });
  } catch (error) {
    if (error !== left) throw error;
  }
  out?.end();
}

/** The client has gone, or wants no more. */
const left = Symbol('left');

function bodyOf(response: ServerResponse, zip: boolean): Writable {
  if (!zip) return response;
  const gzip = createGzip({ level });
  gzip.on('error', () => response.destroy());
  response.on('close', () => gzip.destroy());
  gzip.pipe(response);
  return gzip;
}

async function write(out: Writable, response: ServerResponse, text: string): Promise<void> {
  if (out.write(text)) return;
  await drained(out, response);
  if (response.destroyed) throw left;
}

/** Waits until more can be written, or nobody reads any more; servers cut off who takes nothing. */
export function drained(out: Writable, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done);
      response.off('close', done);
      resolve();
    };
    out.on('drain', done);
    response.on('close', done);
    if (response.destroyed) done();
  });
}
