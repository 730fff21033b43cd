import type { IncomingMessage } from 'node:http';
import { type Decompressed, Decompressor } from '../../wire/compression/decompressor.ts';
import {
  type ByteBudget,
  DecompressError,
  type Encoding,
  encodings,
} from '../../wire/compression/types.ts';
import { type Body, readBody } from './body.ts';

/** Why a body is not there. */
export interface IntakeFault {
  readonly fault: /** As sent or decompressed it is over the limit. */
    | 'too_large'
    /** The budget has no room for it now. */
    | 'no_memory'
    /** The sender went away. */
    | 'cut_off'
    /** A content encoding that is not known or allowed. */
    | 'encoding'
    /** It is not what its content encoding says. */
    | 'corrupt'
    | 'bug';
  readonly message: string;
}

interface IntakeOptions {
  readonly budget: ByteBudget;
  /** Bytes as sent and decompressed. */
  readonly maxBodyBytes: number;
  /**
   * Key `compression_algorithms`, with '' for bodies that are not compressed: absent = all, empty =
   * bodies are taken as they are. Names that are not known stand for nothing.
   */
  readonly algorithms: readonly string[] | undefined;
}

/** Reads and decompresses the bodies of requests; every byte is reserved before it is there. */
export class BodyIntake {
  readonly maxBodyBytes: number;
  readonly #budget: ByteBudget;
  readonly #algorithms: ReadonlySet<string>;
  /** Content encodings are not looked at. */
  readonly #asIs: boolean;
  readonly #decompressor: Decompressor;

  constructor(options: IntakeOptions) {
    this.maxBodyBytes = options.maxBodyBytes;
    this.#budget = options.budget;
    const known: readonly string[] = ['', ...encodings];
    const { algorithms = known } = options;
    this.#asIs = algorithms.length === 0;
    this.#algorithms = new Set(algorithms.filter((name) => known.includes(name)));
    this.#decompressor = new Decompressor(options.budget);
  }

  /**
   * `done` is called exactly once. Whoever gets a body gives its bytes back by {@link release};
   * after a fault nothing stays reserved.
   */
  take(request: IncomingMessage, done: (body: Body | IntakeFault) => void): void {
    const coding = codingOf(request);
    const plain = coding === '' || this.#asIs;
    if (!this.#asIs && !this.#algorithms.has(coding)) {
      const message = `unsupported Content-Encoding: ${coding.slice(0, 100)}`;
      done({ fault: 'encoding', message });
      return;
    }
    this.#read(request, (body) => {
      if ('fault' in body || plain) done(body);
      else this.#decompress(body, coding as Encoding, done);
    });
  }

  /**
   * As {@link take}, but a body that is allowed to be snappy, and is, comes as it was sent;
   * {@link unpack} unpacks it. undefined: `take` it.
   */
  takeSnappy(request: IncomingMessage, done: (body: Body | IntakeFault) => void): true | undefined {
    if (codingOf(request) !== 'snappy' || !this.#algorithms.has('snappy')) return undefined;
    this.#read(request, done);
    return true;
  }

  /** Unpacks what {@link takeSnappy} gave; `done` as there. */
  unpack(body: Body, done: (body: Body | IntakeFault) => void): void {
    this.#decompress(body, 'snappy', done);
  }

  #read(request: IncomingMessage, done: (body: Body | IntakeFault) => void): void {
    const declared = Number(request.headers['content-length'] ?? -1);
    readBody(request, declared, this.maxBodyBytes, this.#budget, (body) =>
      done(typeof body === 'string' ? this.#fault(body) : body),
    );
  }

  /** Gives the bytes of a body back. */
  release(body: Body): void {
    this.#budget.release(body.reserved);
  }

  #decompress(body: Body, encoding: Encoding, done: (body: Body | IntakeFault) => void): void {
    const finished = (plain: Decompressed): void => {
      this.release(body);
      done(plain);
    };
    const failed = (error: unknown): void => {
      this.release(body);
      if (!(error instanceof DecompressError)) {
        done({ fault: 'bug', message: `BUG: ${String(error)}` });
      } else if (error.fault === 'corrupt') done({ fault: 'corrupt', message: error.message });
      else done(this.#fault(error.fault));
    };
    let result: Decompressed | Promise<Decompressed>;
    try {
      result = this.#decompressor.decompress(encoding, body.bytes, this.maxBodyBytes);
    } catch (error) {
      failed(error);
      return;
    }
    if (result instanceof Promise) result.then(finished, failed);
    else finished(result);
  }

  #fault(fault: 'too_large' | 'no_memory' | 'cut_off'): IntakeFault {
    if (fault === 'too_large') {
      return { fault, message: `request body over ${this.maxBodyBytes} bytes` };
    }
    if (fault === 'cut_off') return { fault, message: 'the request was cut off' };
    return { fault, message: 'no memory for the request now, try again later' };
  }
}

function codingOf({ headers }: IncomingMessage): string {
  const coding = (headers['content-encoding'] ?? '').trim().toLowerCase();
  return coding === 'identity' ? '' : coding;
}

/**
 * Answers a request whose body is not read, or not wanted any more. A sender that is still writing
 * would lose an answer that comes with the end of the connection: the rest of a body of allowed
 * size is let go by first, which takes no memory.
 * @param maxBytes that may still come before the connection is ended; 0 = ends it at once
 * @param answer writes it; `close` = with `connection: close`
 */
export function answerPastBody(
  request: IncomingMessage,
  maxBytes: number,
  answer: (close: boolean) => void,
): void {
  let answered = false;
  const once = (close: boolean): void => {
    if (answered) return;
    answered = true;
    answer(close);
  };
  request.resume();
  if (request.complete) once(false);
  else if (maxBytes === 0) once(true);
  else {
    let seen = 0;
    request.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen > maxBytes) once(true);
    });
    request.on('end', () => once(false));
  }
}
