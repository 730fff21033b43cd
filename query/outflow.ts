/** Long answers on their way to clients that may be slow. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { createGzip, type Gzip } from 'node:zlib';
import type { Place } from './gate.ts';
import { acceptsGzip } from './gzip.ts';

/** Fast rather than small: answers are made once. */
export const gzipLevel = 1;
/** Most bytes of one answer that wait for its client. */
const mostWaiting = 16 << 20;
/** Bytes that are reserved at once. */
const reservedAtOnce = 1 << 20;
/** So much of a program's budget answers may take that wait for their clients. */
const budgetShare = 1 / 8;
/** So long an answer waits for its client, in all, before it yields to others, ms. */
const patienceMs = 10_000;

/** The memory budget of a program, as far as it is needed here. */
interface Budget {
  readonly limit: number;
  /** False where there is no room for so many bytes. */
  tryReserve(bytes: number): boolean;
  release(bytes: number): void;
}

/** What measures patience. */
interface Clock {
  /** Milliseconds that never go back. */
  monotonicMs(): number;
  after(ms: number, run: () => void): { cancel(): void };
}

/** Bytes of all answers of a server that wait for their clients, a part of the program's budget. */
export class WaitingBytes {
  readonly #budget: Budget;
  #reserved = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Whether there is room for so many more. */
  tryReserve(bytes: number): boolean {
    if (this.#reserved + bytes > this.#budget.limit * budgetShare) return false;
    if (!this.#budget.tryReserve(bytes)) return false;
    this.#reserved += bytes;
    return true;
  }

  /** Gives back what {@link tryReserve} took. */
  release(bytes: number): void {
    this.#reserved -= bytes;
    this.#budget.release(bytes);
  }
}

/** What an answer that is sent piece by piece is watched with. */
export interface OutflowOptions {
  readonly clock: Clock;
  /** Where bytes are counted that wait for their client. */
  readonly waiting: WaitingBytes;
  /** Of the call that makes the answer; it is ended for others when its client is too slow. */
  readonly place: Place;
  /** Told when that was done. */
  readonly onYielded: () => void;
}

/**
 * The body of one answer. What its client does not take is kept, to a bound, so that the rest can
 * be made meanwhile; beyond it the making waits, and is ended where others wait for its place.
 */
export class Outflow {
  readonly #response: ServerResponse;
  readonly #options: OutflowOptions;
  readonly #gzip: Gzip | undefined;
  readonly #out: Writable;
  #reserved = 0;
  #patienceMs = patienceMs;

  /** @param response its head is written */
  constructor(request: IncomingMessage, response: ServerResponse, options: OutflowOptions) {
    this.#response = response;
    this.#options = options;
    this.#gzip = acceptsGzip(request) ? zipped(response) : undefined;
    this.#out = this.#gzip ?? response;
    response.once('close', () => {
      options.waiting.release(this.#reserved);
      this.#reserved = 0;
    });
  }

  /** Done when the next piece may be made: at once, or when there is room for it. */
  async write(text: string): Promise<void> {
    this.#out.write(Buffer.from(text));
    while (this.#isFull() && !this.#grow()) await this.#drained();
  }

  end(): void {
    this.#out.end();
  }

  /** Whether the client takes less than was written, and that is not reserved. */
  #isFull(): boolean {
    const { writableNeedDrain, writableLength, destroyed } = this.#response;
    if (destroyed) return false;
    if (!writableNeedDrain && !this.#out.writableNeedDrain) return false;
    return writableLength + (this.#gzip?.writableLength ?? 0) > this.#reserved;
  }

  #grow(): boolean {
    if (this.#reserved + reservedAtOnce > mostWaiting) return false;
    if (!this.#options.waiting.tryReserve(reservedAtOnce)) return false;
    this.#reserved += reservedAtOnce;
    return true;
  }

  async #drained(): Promise<void> {
    const { clock, place, onYielded } = this.#options;
    const beganMs = clock.monotonicMs();
    let stay = (): void => undefined;
    const timer = clock.after(this.#patienceMs, () => {
      stay = place.yields(() => {
        onYielded();
        this.#response.destroy();
      });
    });
    const full = this.#response.writableNeedDrain ? this.#response : this.#out;
    await drained(full, this.#response);
    timer.cancel();
    stay();
    this.#patienceMs -= clock.monotonicMs() - beganMs;
  }
}

/** Compresses what is written to it for a client: compressed bytes wait, not what they are made of. */
function zipped(response: ServerResponse): Gzip {
  const gzip = createGzip({ level: gzipLevel });
  gzip.on('error', () => response.destroy());
  gzip.on('data', (bytes: Buffer) => response.write(bytes));
  gzip.on('end', () => response.end());
  response.on('close', () => gzip.destroy());
  return gzip;
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
