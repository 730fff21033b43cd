import type { Socket } from 'node:net';
import type { Settings } from '../../component/settings.ts';
import type { fluentCounters } from './counters.ts';
import { type ForwardEvent, readEvent } from './event.ts';
import { encodePair, MsgpackError, ValueEnd } from './msgpack.ts';

/** Bytes of one message, packed or not. */
const maxMessage = 64 * 2 ** 20;
/** Bytes of messages of one sender that may wait for the pipeline. */
const waitingBytes = 4 * 2 ** 20;

type Take = (event: ForwardEvent, done: (accepted: boolean) => void) => void;

/** One sender: messages in, acknowledgements of chunks out. */
export class FluentConnection {
  readonly #socket: Socket;
  readonly #settings: Settings;
  readonly #counters: ReturnType<typeof fluentCounters>;
  readonly #take: Take;
  readonly #end = new ValueEnd();
  #pieces: Buffer[] = [];
  #size = 0;
  #waiting = 0;
  #ending = false;
  /** Bytes reserved for a message that is not whole yet. */
  #reserved = 0;

  constructor(
    socket: Socket,
    settings: Settings,
    counters: ReturnType<typeof fluentCounters>,
    take: Take,
  ) {
    this.#socket = socket;
    this.#settings = settings;
    this.#counters = counters;
    this.#take = take;
    socket.on('data', (piece) => this.#receive(piece as Buffer));
    socket.on('error', (error) => {
      settings.logger.debug('Connection failed', { error: error.message });
    });
    socket.on('close', () => this.#release());
  }

  #release(): void {
    this.#settings.budget.release(this.#reserved);
    this.#reserved = 0;
    this.#pieces = [];
    this.#size = 0;
  }

  #receive(piece: Buffer): void {
    if (this.#ending) return;
    if (!this.#settings.budget.tryReserve(piece.length)) {
      this.#settings.logger.error('No memory for a message, its connection is closed');
      this.#socket.destroy();
      return;
    }
    this.#reserved += piece.length;
    this.#pieces.push(piece);
    this.#size += piece.length;
    if (this.#size < this.#end.wanted) {
      this.#checkSize();
      return;
    }
    let data = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    try {
      for (;;) {
        const end = data.length === 0 ? -1 : this.#end.find(data);
        if (end < 0) break;
        this.#message(data.subarray(0, end));
        data = data.subarray(end);
        this.#end.reset();
      }
    } catch (error) {
      this.#refuse(error);
      return;
    }
    this.#pieces = data.length === 0 ? [] : [data];
    this.#size = data.length;
    this.#checkSize();
  }

  #checkSize(): void {
    if (this.#end.wanted <= maxMessage && this.#size <= maxMessage) return;
    this.#refuse(new MsgpackError(`a message of more than ${maxMessage} bytes`));
  }

  #refuse(error: unknown): void {
    if (!(error instanceof MsgpackError)) throw error;
    this.#counters.failures.add(1);
    this.#settings.logger.warn('Cannot parse a message, its connection is closed', {
      peer: `${this.#socket.remoteAddress ?? ''}:${this.#socket.remotePort ?? ''}`,
      error: error.message,
    });
    this.#socket.destroy();
  }

  #message(bytes: Buffer): void {
    const event = readEvent(bytes, maxMessage);
    this.#counters.parsed.add(1);
    const size = bytes.length;
    this.#reserved -= size;
    this.#waiting += size;
    if (this.#waiting > waitingBytes) this.#socket.pause();
    this.#take(event, (accepted) => {
      this.#settings.budget.release(size);
      this.#waiting -= size;
      if (this.#waiting <= waitingBytes && !this.#ending) this.#socket.resume();
      if (event.chunk === '') return;
      // Without its acknowledgement the sender sends the chunk again.
      if (accepted) this.#socket.write(encodePair('ack', event.chunk));
      else this.#socket.destroy();
    });
  }

  /** No more is read, for good. */
  end(): void {
    this.#ending = true;
    this.#socket.pause();
  }

  close(): void {
    this.#release();
    this.#socket.destroySoon();
  }
}
