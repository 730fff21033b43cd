/** Bytes of unused memory that are kept at most. */
const KEPT_BYTES = 64 * 1024 * 1024;
/** Smaller bodies cost nothing to make. */
const SMALL = 256 * 1024;

/**
 * Memory of delivered blocks, for blocks to come: fresh pages cost about as much as encoding does.
 * Holds at most 64 MiB; what does not fit is left to the garbage collector.
 */
export class BodyPool {
  readonly #free: ArrayBuffer[] = [];
  readonly #mine = new WeakSet<ArrayBufferLike>();
  #bytes = 0;

  /** At least `bytes` bytes of any content. */
  readonly take = (bytes: number): Uint8Array => {
    if (bytes < SMALL) return Buffer.allocUnsafeSlow(bytes);
    const at = this.#free.findIndex(({ byteLength }) => byteLength >= bytes);
    if (at !== -1) {
      const [found] = this.#free.splice(at, 1);
      this.#bytes -= found!.byteLength;
      return new Uint8Array(found!);
    }
    const fresh = Buffer.allocUnsafeSlow(bytes + (bytes >> 3)).buffer;
    this.#mine.add(fresh);
    return new Uint8Array(fresh);
  };

  /** Takes the memory of a body back, once nobody reads it; foreign memory is ignored. */
  give(body: Uint8Array): void {
    const buffer = body.buffer as ArrayBuffer;
    if (!this.#mine.has(buffer) || this.#free.includes(buffer)) return;
    if (this.#bytes + buffer.byteLength > KEPT_BYTES) return;
    this.#free.push(buffer);
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    this.#bytes += buffer.byteLength;
  }
}
