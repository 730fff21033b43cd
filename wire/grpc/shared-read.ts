import type { Socket } from 'node:net';
import net from 'node:net';

/** Bytes of the buffer that all sockets of a server are read into. */
const bufferBytes = 256 * 1024;

interface ReadHandle {
  useUserBuffer(buffer: Uint8Array): void;
}

/**
 * Reads plain sockets into one buffer that they share, instead of 64 KiB of new memory for every
 * read: what is read is taken over before the next read, so the garbage of a busy server halves.
 *
 * node:net offers this (`onread`) only for sockets that it connects; for accepted ones the same
 * switches are set on the socket. Where this Node has other switches, and for TLS, nothing is done.
 */
export class SharedRead {
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes);
  readonly #bufferKey: symbol | undefined;
  readonly #callbackKey: symbol | undefined;

  constructor() {
    const probe = new net.Socket();
    const keys = Object.getOwnPropertySymbols(probe);
    this.#bufferKey = keys.find((key) => key.description === 'kBuffer');
    this.#callbackKey = keys.find((key) => key.description === 'kBufferCb');
    probe.destroy();
  }

  /**
   * @param onBytes the chunk is only valid during the call
   * @returns false when the socket has to be read by its 'data' event
   */
  attach(socket: Socket, onBytes: (chunk: Buffer) => void): boolean {
    const handle = (socket as { _handle?: Partial<ReadHandle> | null })._handle;
    if (this.#bufferKey === undefined || this.#callbackKey === undefined) return false;
    if ('encrypted' in socket || typeof handle?.useUserBuffer !== 'function') return false;
    const buffer = this.#buffer;
    const switches: Record<symbol, unknown> = socket as never;
    switches[this.#bufferKey] = buffer;
    switches[this.#callbackKey] = (length: number): boolean => {
      onBytes(buffer.subarray(0, length));
      return true;
    };
    handle.useUserBuffer(buffer);
    return true;
  }
}
