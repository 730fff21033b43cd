import { asBuffer, u16le, u32le } from '../../bytes.ts';

/**
 * Reads the fields of a payload one after the other. What lies beyond the end is zero or '', and
 * `ok` is false from then on.
 */
export class Fields {
  ok = true;
  at: number;
  private readonly b: Uint8Array;
  private readonly end: number;

  constructor(b: Uint8Array, start: number, end: number) {
    this.b = b;
    this.at = start;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.room(1) ? this.b[this.at++]! : 0;
  }

  u16(): number {
    if (!this.room(2)) return 0;
    this.at += 2;
    return u16le(this.b, this.at - 2);
  }

  u32(): number {
    if (!this.room(4)) return 0;
    this.at += 4;
    return u32le(this.b, this.at - 4);
  }

  /** Length-encoded integer: one byte, or fc, fd, fe and 2, 3, 8 bytes. */
  lenenc(): number {
    const first = this.u8();
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.u16();
    if (first === 0xfd) return this.u16() + this.u8() * 0x10000;
    if (first === 0xfe) return this.u32() + this.u32() * 0x1_0000_0000;
    this.ok = false;
    return 0;
  }

  skip(count: number): void {
    if (this.room(count)) this.at += count;
  }

  /** Text up to a zero byte, which must be there. */
  zeroText(): string {
    const from = this.at;
    const zero = this.b.subarray(0, this.end).indexOf(0, from);
    if (zero < 0) {
      this.ok = false;
      this.at = this.end;
      return '';
    }
    this.at = zero + 1;
    return asBuffer(this.b).toString('utf8', from, zero);
  }

  text(count: number): string {
    if (!this.room(count)) return '';
    this.at += count;
    return asBuffer(this.b).toString('utf8', this.at - count, this.at);
  }

  private room(count: number): boolean {
    if (this.ok && count <= this.end - this.at) return true;
    this.ok = false;
    return false;
  }
}
