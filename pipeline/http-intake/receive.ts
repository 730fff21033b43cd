import type { IncomingMessage, ServerResponse } from 'node:http';
import { type HttpServerConfig, maxBodyBytes } from '../../config/groups/http-server.ts';
import type { ByteBudget } from '../../wire/compression/types.ts';
import type { Body } from './body.ts';
import { answerPastBody, BodyIntake, type IntakeFault } from './intake.ts';

/** Seconds after which a client that is refused for want of memory should come again. */
const memoryRetrySeconds = 1;

const statuses: Readonly<Record<Exclude<IntakeFault['fault'], 'cut_off'>, number>> = {
  too_large: 413,
  no_memory: 503,
  encoding: 415,
  corrupt: 400,
  bug: 500,
};

/** The intake that the keys of an HTTP server ask for. */
export function intakeOf(
  config: Pick<HttpServerConfig, 'max_request_body_size' | 'compression_algorithms'>,
  budget: ByteBudget,
): BodyIntake {
  return new BodyIntake({
    budget,
    maxBodyBytes: maxBodyBytes(config),
    algorithms: config.compression_algorithms,
  });
}

/** Writes a whole answer as plain text. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/**
 * Refuses a request with a text, whether its body has come or not.
 */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  maxBytes: number,
): void {
  answerPastBody(request, maxBytes, (close) => {
    if (response.headersSent || response.destroyed) return;
    if (close) response.setHeader('connection', 'close');
    answerText(response, status, text);
  });
}

/**
 * Reads the body of a request, for receivers whose refusals are plain text. What cannot be read is
 * answered here: 413 too large, 503 no memory (with Retry-After), 415 unknown content encoding, 400
 * corrupt.
 * @param take gets the body and gives it back by `intake.release`
 */
export function receiveBody(
  request: IncomingMessage,
  response: ServerResponse,
  intake: BodyIntake,
  take: (body: Body) => void,
): void {
  intake.take(request, (body) => {
    if (!('fault' in body)) {
      take(body);
    } else answerFault(request, response, intake, body);
  });
}

/** Answers that a body is not there. */
export function answerFault(
  request: IncomingMessage,
  response: ServerResponse,
  intake: BodyIntake,
  { fault, message }: IntakeFault,
): void {
  if (fault === 'cut_off') {
    response.destroy();
    return;
  }
  if (fault === 'no_memory') response.setHeader('retry-after', String(memoryRetrySeconds));
  const rest = fault === 'too_large' ? 0 : intake.maxBodyBytes;
  refuse(request, response, statuses[fault], `${message}\n`, rest);
}
