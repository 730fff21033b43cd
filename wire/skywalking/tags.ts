import type { CheckedReader } from '../../pdata/proto/checked-reader.ts';
import type { Writer } from '../../pdata/proto/writer.ts';
import {
  digitsOf,
  intAttribute,
  ListTag,
  pairAttribute,
  stringAttribute,
  textAttribute,
} from './attributes.ts';
import { writeAddress } from './peer.ts';
import { ruleFor, Slot, slotFields, systemName, type TagRule } from './tag-rules.ts';

/** Keys up to which repetitions are looked for one by one. */
const fewKeys = 16;

const list = ListTag.span;

/** A KeyStringValuePair at the reader: 1 key, 2 value. The last of each counts. */
export class PairReader {
  readonly r: CheckedReader;
  keyFrom = 0;
  keyTo = 0;
  from = 0;
  to = 0;

  constructor(r: CheckedReader) {
    this.r = r;
  }

  /** Reads the pair in bytes [start, end); both of its texts may be empty. */
  read(start: number, end: number): void {
    const { r } = this;
    const back = r.end;
    r.pos = start;
    r.end = end;
    this.keyFrom = this.keyTo = this.from = this.to = end;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 0x0a) {
        r.range();
        this.keyFrom = r.from;
        this.keyTo = r.to;
      } else if (tag === 0x12) {
        r.range();
        this.from = r.from;
        this.to = r.to;
      } else r.skip(tag);
    }
    r.end = back;
  }
}

/**
 * Writes the tags of one span after the other as attributes. What would take a key that is there
 * keeps its own; one that comes again gets `.2`, `.3` added.
 */
export class TagWriter {
  readonly #pair: PairReader;
  #taken = 0;
  #keys: number[] = [];
  #many: Map<string, number> | undefined;

  constructor(pair: PairReader) {
    this.#pair = pair;
  }

  /** Starts a span. */
  reset(): void {
    this.#taken = 0;
    this.#keys.length = 0;
    this.#many = undefined;
  }

  /** Takes a slot. @returns false when it is taken already */
  take(slot: number): boolean {
    const bit = 1 << slot;
    if ((this.#taken & bit) !== 0) return false;
    this.#taken |= bit;
    return true;
  }

  /** Writes the tag in bytes [start, end) of the reader. */
  write(w: Writer, start: number, end: number): void {
    const pair = this.#pair;
    pair.read(start, end);
    const { r, keyFrom, keyTo, from, to } = pair;
    const rule = ruleFor(r.bytes, keyFrom, keyTo);
    if (rule !== undefined && this.#mapped(w, rule)) return;
    let times = 0;
    if (rule !== undefined && isSlotKey(rule)) times = this.take(rule.slot) ? -1 : 1;
    if (times >= 0) times += this.#count(r.bytes, keyFrom, keyTo);
    const suffix = times > 1 ? `.${times}` : '';
    pairAttribute(w, list, r, keyFrom, keyTo, from, to, suffix);
  }

  #mapped(w: Writer, rule: TagRule): boolean {
    const { r, from, to } = this.#pair;
    const { slot, kind } = rule;
    const b = r.bytes;
    if (kind === 'url') return this.#url(w);
    if (kind === 'status' || kind === 'integer') {
      const value = digitsOf(b, from, to);
      if (value < 0 || (kind === 'status' && (value < 100 || value > 599))) return false;
      if (!this.take(slot)) return false;
      intAttribute(w, list, slotFields[slot]!, value);
      return true;
    }
    if (slot === Slot.serverAddress && kind === 'text' && from < to) {
      return this.#broker(w);
    }
    if (!this.take(slot)) return false;
    if (kind === 'system') {
      r.checkUtf8(from, to);
      const text = Buffer.from(b.buffer, b.byteOffset + from, to - from).toString('utf8');
      stringAttribute(w, list, slotFields[slot]!, systemName(text));
    } else textAttribute(w, list, slotFields[slot]!, r, from, to);
    return true;
  }

  /** An address of a server where the span has no peer. */
  #broker(w: Writer): boolean {
    const free = ((this.#taken >> Slot.serverAddress) & 1) === 0;
    if (!free || ((this.#taken >> Slot.serverPort) & 1) !== 0) return false;
    const { r, from, to } = this.#pair;
    return writeAddress(w, this, r, from, to, Slot.serverAddress, Slot.serverPort);
  }

  /** `scheme://...` is a whole URL; what begins with `/` a path, perhaps with a query. */
  #url(w: Writer): boolean {
    const { r, from, to } = this.#pair;
    const b = r.bytes;
    if (from === to || b[from] !== 0x2f) {
      if (!hasScheme(b, from, to) || !this.take(Slot.urlFull)) return false;
      textAttribute(w, list, slotFields[Slot.urlFull]!, r, from, to);
      return true;
    }
    let query = from;
    while (query < to && b[query] !== 0x3f) query += 1;
    if (query < to && ((this.#taken >> Slot.urlQuery) & 1) !== 0) return false;
    if (!this.take(Slot.urlPath)) return false;
    textAttribute(w, list, slotFields[Slot.urlPath]!, r, from, query);
    if (query < to) {
      this.take(Slot.urlQuery);
      textAttribute(w, list, slotFields[Slot.urlQuery]!, r, query + 1, to);
    }
    return true;
  }

  /** @returns how often the key has come on this span, with this time */
  #count(b: Uint8Array, from: number, to: number): number {
    const keys = this.#keys;
    let times = 1;
    if (this.#many !== undefined) return countOne(this.#many, b, from, to);
    for (let i = 0; i < keys.length; i += 2) {
      if (sameBytes(b, from, to, keys[i]!, keys[i + 1]!)) times += 1;
    }
    keys.push(from, to);
    if (keys.length > fewKeys * 2) {
      this.#many = new Map();
      for (let i = 0; i < keys.length; i += 2) countOne(this.#many, b, keys[i]!, keys[i + 1]!);
    }
    return times;
  }
}

function countOne(counts: Map<string, number>, b: Uint8Array, from: number, to: number): number {
  const text = Buffer.from(b.buffer, b.byteOffset + from, to - from).toString('latin1');
  const times = (counts.get(text) ?? 0) + 1;
  counts.set(text, times);
  return times;
}

/** Whether the tag's key is the very key that the rule writes. */
function isSlotKey({ key, slot }: TagRule): boolean {
  const field = slotFields[slot]!;
  return field.length === key.length + 2 && key.every((byte, i) => byte === field[i + 2]);
}

function sameBytes(b: Uint8Array, from: number, to: number, start: number, end: number): boolean {
  if (to - from !== end - start) return false;
  for (let i = from, j = start; i < to; i += 1, j += 1) if (b[i] !== b[j]) return false;
  return true;
}

/** Whether the text begins like `http://`. */
function hasScheme(b: Uint8Array, from: number, to: number): boolean {
  let p = from;
  while (p < to && p - from < 20 && ((b[p]! | 32) - 97) >>> 0 < 26) p += 1;
  return p > from && p + 2 < to && b[p] === 0x3a && b[p + 1] === 0x2f && b[p + 2] === 0x2f;
}
