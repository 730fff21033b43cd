import type { ValueView } from '../../pdata/readers.ts';
import { ValueType } from '../../pdata/readers.ts';
import { grown } from '../grown.ts';

const encoder = new TextEncoder();

/** The bytes by which a series is known: written anew for each item, compared in place. */
export class SeriesKey {
  bytes = new Uint8Array(512);
  length = 0;

  reset(): void {
    this.length = 0;
  }

  #need(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    this.bytes = grown(this.bytes, Math.max(this.bytes.length * 2, this.length + count));
  }

  byte(value: number): void {
    this.#need(1);
    this.bytes[this.length] = value;
    this.length += 1;
  }

  /** Makes room for a part of `size` bytes and writes their number. @returns where they begin */
  #begin(size: number): number {
    this.#need(size + 4);
    const b = this.bytes;
    const p = this.length;
    b[p] = size;
    b[p + 1] = size >>> 8;
    b[p + 2] = size >>> 16;
    b[p + 3] = size >>> 24;
    this.length = p + 4 + size;
    return p + 4;
  }

  /** A part with its length before it, so that two different lists of parts never are equal. */
  part(source: Uint8Array, start: number, end: number): void {
    const size = end - start;
    let p = this.#begin(size);
    const b = this.bytes;
    if (size <= 48) for (let i = start; i < end; i += 1, p += 1) b[p] = source[i]!;
    else b.set(source.subarray(start, end), p);
  }

  /** A text as a part: two bytes for each of its UTF-16 units. */
  text(text: string): void {
    let p = this.#begin(text.length * 2);
    const b = this.bytes;
    for (let i = 0; i < text.length; i += 1, p += 2) {
      const unit = text.charCodeAt(i);
      b[p] = unit;
      b[p + 1] = unit >>> 8;
    }
  }

  /**
   * The text of the AnyValue in bytes [start, end) as a part: `200` and `"200"` are the same.
   * @param view moved to the value when it is of a rarer kind
   */
  value(view: ValueView, b: Uint8Array, start: number, end: number): void {
    const second = b[start + 1]!;
    if (end - start > 1 && b[start] === 10 && second < 128 && start + 2 + second === end) {
      this.part(b, start + 2, end);
    } else if (end - start < 5 && b[start] === 24 && b[end - 1]! < 128) {
      this.#digits(b, start + 1, end);
    } else this.#slowValue(view, b, start, end);
  }

  /** A varint of at most three bytes in decimal. */
  #digits(b: Uint8Array, start: number, end: number): void {
    let number = 0;
    for (let i = end - 1; i >= start; i -= 1) number = (number << 7) | (b[i]! & 127);
    let size = 1;
    for (let limit = 10; number >= limit; limit *= 10) size += 1;
    const at = this.#begin(size);
    for (let i = at + size - 1; i >= at; i -= 1) {
      this.bytes[i] = 48 + (number % 10);
      number = (number / 10) | 0;
    }
  }

  #slowValue(view: ValueView, b: Uint8Array, start: number, end: number): void {
    view.locate(b, start, end);
    if (view.type === ValueType.string) {
      this.part(view.bytes, view.contentStart, view.contentEnd);
      return;
    }
    const text = encoder.encode(view.toText());
    this.part(text, 0, text.length);
  }

  /** 32 bits that depend on every byte and on `seed` (MurmurHash3's mixing). */
  hash(seed: number): number {
    const b = this.bytes;
    const { length } = this;
    let h = seed | 0;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      let k = b[i]! | (b[i + 1]! << 8) | (b[i + 2]! << 16) | (b[i + 3]! << 24);
      k = Math.imul(k, 0xcc9e2d51);
      k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
      h ^= k;
      h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
    }
    let rest = 0;
    for (let shift = 0; i < length; i += 1, shift += 8) rest |= b[i]! << shift;
    h ^= Math.imul(rest, 0xcc9e2d51) ^ length;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) | 0;
  }
}
