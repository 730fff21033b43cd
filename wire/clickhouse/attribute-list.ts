import { doubled } from './dictionary.ts';
import { readVarint, Scan, skipField } from './scan.ts';

/** KeyValue fields of one message: where key and value of each lie. Reused from item to item. */
export class AttributeList {
  count = 0;
  keyStart = new Int32Array(32);
  keyEnd = new Int32Array(32);
  valueStart = new Int32Array(32);
  valueEnd = new Int32Array(32);
  readonly #scan = new Scan();

  clear(): void {
    this.count = 0;
  }

  /** Adds the KeyValue in bytes `[start, end)` of `b`; absent parts are empty ranges. */
  add(b: Uint8Array, start: number, end: number): void {
    const i = this.count++;
    if (i === this.keyStart.length) this.#grow();
    let p = start;
    this.keyStart[i] = this.keyEnd[i] = this.valueStart[i] = this.valueEnd[i] = end;
    const scan = this.#scan;
    while (p < end) {
      const tag = b[p]!;
      if (tag !== 10 && tag !== 18) {
        p = skipField(b, p, scan);
        continue;
      }
      const length = b[p + 1]!;
      if (length < 128) {
        scan.value = length;
        p += 2;
      } else p = readVarint(b, p + 1, scan);
      if (tag === 10) {
        this.keyStart[i] = p;
        this.keyEnd[i] = p + scan.value;
      } else {
        this.valueStart[i] = p;
        this.valueEnd[i] = p + scan.value;
      }
      p += scan.value;
    }
  }

  #grow(): void {
    this.keyStart = doubled(this.keyStart);
    this.keyEnd = doubled(this.keyEnd);
    this.valueStart = doubled(this.valueStart);
    this.valueEnd = doubled(this.valueEnd);
  }

  /** Index of the first attribute with this key, or -1. */
  find(b: Uint8Array, key: Uint8Array): number {
    for (let i = 0; i < this.count; i++) {
      const start = this.keyStart[i]!;
      if (this.keyEnd[i]! - start !== key.length) continue;
      let at = 0;
      while (at < key.length && b[start + at] === key[at]) at++;
      if (at === key.length) return i;
    }
    return -1;
  }

  /** Negative, zero or positive as key `i` sorts before, with or after key `j`, by bytes. */
  compareKeys(b: Uint8Array, i: number, j: number): number {
    let p = this.keyStart[i]!;
    let q = this.keyStart[j]!;
    const pEnd = this.keyEnd[i]!;
    const qEnd = this.keyEnd[j]!;
    while (p < pEnd && q < qEnd) {
      const difference = b[p++]! - b[q++]!;
      if (difference !== 0) return difference;
    }
    return pEnd - p - (qEnd - q);
  }
}
