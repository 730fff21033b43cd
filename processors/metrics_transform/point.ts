import { int64Of } from '../../pdata/aggregate/go-numbers.ts';
import { putVarint, varintSize, type Writer } from '../../pdata/proto/writer.ts';
import { maxKeys, type Plan, type Step } from './plan.ts';

const shortCopy = 64;
const noBytes = new Uint8Array(0);

/** What became of a point. */
export const PointResult = { written: 0, dropped: 1, odd: 2 } as const;

/** Points of one kind of data. */
export interface PointKind {
  /** Number of the field of their attributes. */
  readonly attributeField: number;
  /** Whether they have one value, which is a number. */
  readonly isNumber: boolean;
}

/** Tags of a point's value: a double, an integer of 64 bits. */
const valueTags = { double: 33, integer: 49 } as const;

/** Where the attribute of a key is: nowhere, where it came in, behind all that came in. */
const Place = { absent: 0, original: 1, appended: 2 } as const;

/** A length of one or two bytes at `p`; -1 for a longer one, or one that is not written shortest. */
function shortLength(b: Uint8Array, p: number): number {
  const first = b[p]!;
  if (first < 128) return first;
  const second = b[p + 1]!;
  return second > 127 || second === 0 ? -1 : (first & 127) | (second << 7);
}

/** End of the field whose one-byte tag is at `p`; -1 where that is not worth knowing here. */
function fieldEnd(b: Uint8Array, p: number): number {
  const tag = b[p]!;
  if (tag > 127) return -1;
  switch (tag & 7) {
    case 0: {
      let q = p + 1;
      while (b[q]! > 127) q += 1;
      return q + 1;
    }
    case 1:
      return p + 9;
    case 2: {
      const size = shortLength(b, p + 1);
      return size < 0 ? -1 : p + (size < 128 ? 2 : 3) + size;
    }
    case 5:
      return p + 5;
    default:
      return -1;
  }
}

function put(to: Uint8Array, at: number, b: Uint8Array, start: number, end: number): number {
  let p = at;
  if (end - start > shortCopy) {
    to.set(b.subarray(start, end), p);
    return p + end - start;
  }
  for (let i = start; i < end; i += 1, p += 1) to[p] = b[i]!;
  return p;
}

/** Writes points anew after the steps of a plan. One object serves all points. */
export class PointWriter {
  /** Of each key of the plan: its field as it came in, -1 = it did not. */
  readonly #start = new Int32Array(maxKeys);
  readonly #end = new Int32Array(maxKeys);
  /** Its value now: bytes of the source, or of the plan. */
  readonly #valueStart = new Int32Array(maxKeys);
  readonly #valueEnd = new Int32Array(maxKeys);
  readonly #values: (Uint8Array | undefined)[] = new Array<undefined>(maxKeys).fill(undefined);
  readonly #place = new Uint8Array(maxKeys);
  readonly #edited = new Uint8Array(maxKeys);
  /** Keys that are appended, in their order. */
  readonly #appended = new Uint8Array(maxKeys);
  #appendedCount = 0;
  /** Keys whose fields change, in the order of their places. */
  readonly #changed = new Uint8Array(maxKeys);
  #bytes: Uint8Array = noBytes;
  /** Where attributes are appended. */
  #tail = 0;
  /** Where the value of the point is: a tag and eight bytes; -1 = none, or nothing happens to it. */
  #number = -1;
  readonly #eight = new Uint8Array(8);
  readonly #view = new DataView(this.#eight.buffer);
  /** Bytes of the last point's length: neighbours are alike. */
  #guess = 1;

  /** Finds the keys. @returns false for a point that is written in an odd way */
  #scan(plan: Plan, from: number, end: number, kind: PointKind): boolean {
    const b = this.#bytes;
    const tag = kind.attributeField * 8 + 2;
    const hasNumber = kind.isNumber && plan.numbers.length > 0;
    this.#number = -1;
    for (let k = 0; k < plan.keys.length; k += 1) {
      this.#start[k] = -1;
      this.#place[k] = Place.absent;
      this.#edited[k] = 0;
    }
    this.#appendedCount = 0;
    this.#tail = -1;
    let p = from;
    while (p < end) {
      const stop = fieldEnd(b, p);
      if (stop < 0) return false;
      if (b[p] === tag) {
        if (!this.#attribute(plan, p, b[p + 1]! < 128 ? p + 2 : p + 3, stop)) return false;
        this.#tail = stop;
      } else if (hasNumber && (b[p] === valueTags.double || b[p] === valueTags.integer)) {
        if (this.#number >= 0) return false;
        this.#number = p;
      } else if (b[p]! > tag && this.#tail < 0) this.#tail = p;
      p = stop;
    }
    if (this.#tail < 0) this.#tail = end;
    return p === end;
  }

  #attribute({ keys }: Plan, start: number, body: number, end: number): boolean {
    const b = this.#bytes;
    const size = b[body + 1]!;
    if (end - body < 2 || b[body] !== 10 || size > 127) return false;
    const value = body + 2 + size;
    const mark = size * 256 + (size === 0 ? 0 : b[value - 1]!);
    for (let k = 0; k < keys.length; k += 1) {
      const key = keys[k]!;
      if (key.mark !== mark || !key.matches(b, body + 2, value)) continue;
      // a key twice, or more than a key and a value
      if (this.#start[k]! >= 0) return false;
      const length = value < end ? shortLength(b, value + 1) : 0;
      const valueStart = value < end ? value + (length < 128 ? 2 : 3) : end;
      if (length < 0 || (value < end && b[value] !== 18) || valueStart + length !== end) {
        return false;
      }
      this.#start[k] = start;
      this.#end[k] = end;
      this.#valueStart[k] = valueStart;
      this.#valueEnd[k] = end;
      this.#values[k] = undefined;
      this.#place[k] = Place.original;
      return true;
    }
    return true;
  }

  /** Which of some texts the value of a key is; -1 = none, -2 = odd. Other types are as ''. */
  #textOf(k: number, texts: readonly Uint8Array[]): number {
    const own = this.#values[k];
    const b = own ?? this.#bytes;
    let start = own === undefined ? this.#valueStart[k]! : 0;
    let end = own === undefined ? this.#valueEnd[k]! : own.length;
    if (start < end && b[start] === 10) {
      const length = shortLength(b, start + 1);
      start += length < 128 ? 2 : 3;
      if (length < 0 || start + length !== end) return -2;
    } else {
      const tag = start < end ? b[start]! : 16;
      if (tag !== 16 && tag !== 24 && tag !== 33 && tag !== 42 && tag !== 50 && tag !== 58) {
        return -2;
      }
      if (start < end && fieldEnd(b, start) !== end) return -2;
      end = start;
    }
    for (let i = 0; i < texts.length; i += 1) {
      const text = texts[i]!;
      if (text.length !== end - start) continue;
      let at = 0;
      while (at < text.length && text[at] === b[start + at]) at += 1;
      if (at === text.length) return i;
    }
    return -1;
  }

  #append(k: number): void {
    this.#place[k] = Place.appended;
    this.#appended[this.#appendedCount] = k;
    this.#appendedCount += 1;
  }

  #remove(k: number): void {
    if (this.#place[k] === Place.appended) {
      const list = this.#appended;
      let at = 0;
      while (list[at] !== k) at += 1;
      list.copyWithin(at, at + 1, this.#appendedCount);
      this.#appendedCount -= 1;
    }
    this.#place[k] = Place.absent;
    this.#edited[k] = 1;
  }

  #set(k: number, value: Uint8Array): void {
    if (this.#place[k] === Place.absent) this.#append(k);
    this.#values[k] = value;
    this.#edited[k] = 1;
  }

  /** @returns a {@link PointResult}; written = go on */
  #step(step: Step): number {
    const { key: k, to } = step;
    if (step.action === 'add') {
      if (this.#place[k] === Place.absent) this.#set(k, step.values[0]!);
      return PointResult.written;
    }
    if (this.#place[k] === Place.absent) return PointResult.written;
    const found = step.texts.length === 0 ? -1 : this.#textOf(k, step.texts);
    if (found === -2) return PointResult.odd;
    if (step.action === 'drop') return found < 0 ? PointResult.written : PointResult.dropped;
    if (to >= 0) {
      if (to !== k) {
        if (this.#place[to] === Place.absent) this.#append(to);
        this.#values[to] = this.#values[k];
        this.#valueStart[to] = this.#valueStart[k]!;
        this.#valueEnd[to] = this.#valueEnd[k]!;
        this.#edited[to] = 1;
      }
      // a label renamed to itself is gone, as in the Go collector
      this.#remove(k);
    }
    if (found >= 0) this.#set(to >= 0 ? to : k, step.values[found]!);
    return PointResult.written;
  }

  #putAttribute(to: Uint8Array, at: number, tag: number, plan: Plan, k: number): number {
    const key = plan.keys[k]!.bytes;
    const own = this.#values[k];
    const start = own === undefined ? this.#valueStart[k]! : 0;
    const end = own === undefined ? this.#valueEnd[k]! : own.length;
    const size = end - start;
    const keySize = key.length;
    to[at] = tag;
    const body = 2 + varintSize(keySize) + keySize + varintSize(size) + size;
    let p = putVarint(to, at + 1, body);
    to[p] = 10;
    p = putVarint(to, p + 1, keySize);
    p = put(to, p, key, 0, keySize);
    to[p] = 18;
    p = putVarint(to, p + 1, size);
    return put(to, p, own ?? this.#bytes, start, end);
  }

  /** Copies [start, end) as it came in, but for the value. */
  #run(plan: Plan, to: Uint8Array, at: number, start: number, end: number): number {
    const number = this.#number;
    const next = put(to, at, this.#bytes, start, end);
    if (number >= start && number < end) this.#count(plan, to, at + number - start);
    return next;
  }

  /** Scales and toggles the value whose tag is at `at`. */
  #count({ numbers }: Plan, to: Uint8Array, at: number): void {
    const view = this.#view;
    for (let i = 0; i < 8; i += 1) this.#eight[i] = to[at + 1 + i]!;
    let value = to[at] === valueTags.double ? view.getFloat64(0, true) : view.getBigInt64(0, true);
    for (const one of numbers) {
      const plain = Number(value);
      if (one === 'toggle') value = typeof value === 'number' ? int64Of(value) : plain;
      else value = typeof value === 'number' ? value * one : int64Of(plain * one);
    }
    if (typeof value === 'number') view.setFloat64(0, value, true);
    else view.setBigInt64(0, value, true);
    to[at] = typeof value === 'number' ? valueTags.double : valueTags.integer;
    to.set(this.#eight, at + 1);
  }

  /** Lists the keys whose fields change. @returns how many */
  #listChanged(count: number): number {
    const list = this.#changed;
    let listed = 0;
    for (let k = 0; k < count; k += 1) {
      const start = this.#start[k]!;
      if (this.#edited[k] === 0 || start < 0) continue;
      let at = listed;
      for (; at > 0 && this.#start[list[at - 1]!]! > start; at -= 1) list[at] = list[at - 1]!;
      list[at] = k;
      listed += 1;
    }
    return listed;
  }

  /**
   * Appends the point at [from, end) with its tag, changed by the plan.
   * @returns a {@link PointResult}; nothing is written unless it is `written`
   */
  write(
    w: Writer,
    plan: Plan,
    bytes: Uint8Array,
    from: number,
    end: number,
    kind: PointKind,
  ): number {
    this.#bytes = bytes;
    if (!this.#scan(plan, from, end, kind)) return PointResult.odd;
    for (const step of plan.steps) {
      const result = this.#step(step);
      if (result !== PointResult.written) return result;
    }
    const changed = this.#listChanged(plan.keys.length);
    w.need(end - from + plan.growth + 16);
    const to = w.bytes;
    const tag = kind.attributeField * 8 + 2;
    const body = w.length + 1 + this.#guess;
    let p = body;
    let cursor = from;
    for (let i = 0; i < changed; i += 1) {
      const k = this.#changed[i]!;
      p = this.#run(plan, to, p, cursor, this.#start[k]!);
      // one that was taken out and set again stands with the appended ones
      if (this.#place[k] === Place.original) p = this.#putAttribute(to, p, tag, plan, k);
      cursor = this.#end[k]!;
    }
    if (this.#appendedCount > 0) {
      p = this.#run(plan, to, p, cursor, this.#tail);
      cursor = this.#tail;
      for (let i = 0; i < this.#appendedCount; i += 1) {
        p = this.#putAttribute(to, p, tag, plan, this.#appended[i]!);
      }
    }
    p = this.#run(plan, to, p, cursor, end);
    this.#finish(w, body, p - body);
    return PointResult.written;
  }

  /** Tag and length before a body that was written. */
  #finish(w: Writer, body: number, size: number): void {
    const to = w.bytes;
    const needed = varintSize(size);
    if (needed !== this.#guess) {
      to.copyWithin(w.length + 1 + needed, body, body + size);
      this.#guess = needed;
    }
    to[w.length] = 10;
    w.length = putVarint(to, w.length + 1, size) + size;
  }
}
