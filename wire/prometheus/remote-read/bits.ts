/** Bits in the order of a stream, the highest of each value and byte first; its buffer grows. */
export class BitWriter {
  #bytes = new Uint8Array(256);
  /** Bits that were written. */
  #length = 0;

  /** Empties it. */
  reset(): void {
    this.#bytes.fill(0, 0, (this.#length + 7) >>> 3);
    this.#length = 0;
  }

  get byteLength(): number {
    return (this.#length + 7) >>> 3;
  }

  /** The lowest `count` bits of `value`, 0 to 32 of them. */
  write(value: number, count: number): void {
    if (this.#length + count > this.#bytes.length * 8) this.#grow();
    const bytes = this.#bytes;
    let at = this.#length;
    let left = count;
    while (left > 0) {
      const room = 8 - (at & 7);
      const taken = Math.min(left, room);
      const part = (value >>> (left - taken)) & ((1 << taken) - 1);
      bytes[at >>> 3]! |= part << (room - taken);
      at += taken;
      left -= taken;
    }
    this.#length = at;
  }

  /** The lowest `count` bits of 64 in two halves. */
  writeHalves(hi: number, lo: number, count: number): void {
    if (count > 32) {
      this.write(hi, count - 32);
      this.write(lo, 32);
    } else this.write(lo, count);
  }

  /** A whole number of at least 0, seven bits a byte, the lowest first. */
  varint(value: number): void {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) this.write((rest % 128) + 128, 8);
    this.write(rest, 8);
  }

  /** A copy of the bytes. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.byteLength);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}
