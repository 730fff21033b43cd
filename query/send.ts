/** How answers of the query APIs go out: compressed where that is taken, long ones in pieces. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { acceptsGzip, gzipped, wantsGzip } from './gzip.ts';
import type { LongBody } from './long-body.ts';
import { gzipLevel, Outflow, type OutflowOptions } from './outflow.ts';

/** An answer that is there. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

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
  const body = zip ? await gzipped(plain, gzipLevel) : plain;
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

/** An answer that is made as it is sent. */
export interface LongAnswer {
  readonly contentType: string;
  readonly body: LongBody;
  /** Set to `true` where something was cut off; a trailer where that shows up on the way. */
  readonly cutOffHeader: string;
}

/**
 * Sends an answer of status 200 as it is made, with turns of the loop between. Done when all of it
 * is made: the end may still be on its way. Rejects where it cannot be made: with nothing sent if
 * that shows early.
 */
export async function sendLong(
  request: IncomingMessage,
  response: ServerResponse,
  answer: LongAnswer,
  options: OutflowOptions,
): Promise<void> {
  const { contentType, body, cutOffHeader } = answer;
  let held = '';
  let told = false;
  let out: Outflow | undefined;
  const headers = (): Record<string, string> => {
    told = body.cutOff;
    return told ? { [cutOffHeader]: 'true' } : {};
  };
  const take = async (text: string): Promise<void> => {
    if (out !== undefined) await out.write(text);
    else if (held.length + text.length < heldLength) held += text;
    else if (!response.destroyed) {
      const trailer = body.cutOff ? {} : { Trailer: cutOffHeader };
      const own = headersOf({ contentType, headers: headers() }, acceptsGzip(request));
      response.writeHead(200, { ...own, ...trailer });
      out = new Outflow(request, response, options);
      if (request.method === 'HEAD') throw left;
      await out.write(held + text);
      held = '';
    }
    await setImmediate();
    if (response.destroyed) throw left;
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
