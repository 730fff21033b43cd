import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Bytes of an answer that are read. */
const maxBodyBytes = 64 * 1024;

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly retryAfter: string | undefined;
  /** Set-Cookie headers. */
  readonly cookies: string | readonly string[] | undefined;
  /** All headers, by name in lower case. */
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Collects the answer to one request; `sent` tells whether the request went out. */
export class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: Error, sent: boolean) => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #sent = false;
  #done = false;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(resolve: (answer: Answer) => void, reject: (error: Error, sent: boolean) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#sent = true;
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = maxBodyBytes - this.#bytes;
    this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#bytes += Math.min(room, chunk.length);
    if (chunk.length < room) return;
    this.#finish();
    controller.abort(new Error('answer too long'));
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  /** Gives the request up. */
  expire(): void {
    const error = new Error('context deadline exceeded');
    this.#fail(error);
    this.#controller?.abort(error);
  }

  get done(): boolean {
    return this.#done;
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#resolve({
      status: this.#status,
      contentType: one(this.#headers['content-type']) ?? '',
      retryAfter: one(this.#headers['retry-after']),
      cookies: this.#headers['set-cookie'],
      headers: this.#headers,
      body: this.#chunks.length === 0 ? Buffer.alloc(0) : Buffer.concat(this.#chunks),
    });
  }

  #fail(error: Error): void {
    if (this.#done) return;
    this.#done = true;
    this.#reject(error, this.#sent);
  }
}
