import { AttributeKey } from '../attribute-key.ts';
import { Cursor, noBytes, readVarint, skipValue, u32At } from '../proto/cursor.ts';

/**
 * Where the values of a few attributes are, found in one pass over the KeyValues of a message. Of
 * equal keys the first counts.
 */
export class AttributeScan {
  readonly keys: readonly AttributeKey[];
  /** Start and end of the AnyValue of each key; start -1 = absent. */
  readonly found: Int32Array;
  /** First key of a length (127 = or longer) and the next one; -1 = none. */
  readonly #first = new Int32Array(128).fill(-1);
  readonly #next: Int32Array;
  readonly #cursor = new Cursor(noBytes);

  constructor(keys: readonly string[]) {
    this.keys = keys.map((key) => new AttributeKey(key));
    this.found = new Int32Array(keys.length * 2).fill(-1);
    this.#next = new Int32Array(keys.length);
    this.keys.forEach(({ bytes }, i) => {
      const place = Math.min(bytes.length, 127);
      this.#next[i] = this.#first[place]!;
      this.#first[place] = i;
    });
  }

  reset(): void {
    const { found } = this;
    for (let i = 0; i < found.length; i += 2) found[i] = -1;
  }

  /** Looks at one KeyValue, bytes [start, end). */
  take(b: Uint8Array, start: number, end: number): void {
    const keyLength = b[start + 1]!;
    const v = start + 2 + keyLength;
    const plain = end - start > 3 && b[start] === 10 && keyLength < 127 && v + 1 < end;
    if (plain && b[v] === 18 && b[v + 1]! < 128 && v + 2 + b[v + 1]! === end) {
      if (this.#first[keyLength]! >= 0) this.#match(b, start + 2, v, v + 2, end);
    } else this.#takeSlow(b, start, end);
  }

  #takeSlow(b: Uint8Array, start: number, end: number): void {
    const c = this.#cursor;
    c.bytes = b;
    c.pos = start;
    let keyStart = start;
    let keyEnd = start;
    let valueStart = start;
    let valueEnd = start;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag !== 10 && tag !== 18) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      if (tag === 10) {
        keyStart = c.pos;
        keyEnd = c.pos + size;
      } else {
        valueStart = c.pos;
        valueEnd = c.pos + size;
      }
      c.pos += size;
    }
    this.#match(b, keyStart, keyEnd, valueStart, valueEnd);
  }

  #match(b: Uint8Array, start: number, end: number, valueStart: number, valueEnd: number): void {
    for (let i = this.#first[Math.min(end - start, 127)]!; i >= 0; i = this.#next[i]!) {
      if (this.found[i * 2]! >= 0 || !this.keys[i]!.matches(b, start, end)) continue;
      this.found[i * 2] = valueStart;
      this.found[i * 2 + 1] = valueEnd;
    }
  }

  /** All KeyValues in field `field` of the message [start, end). */
  scan(b: Uint8Array, start: number, end: number, field: number): void {
    this.reset();
    if (this.keys.length === 0) return;
    const c = this.#cursor;
    let p = start;
    while (p < end) {
      c.bytes = b;
      c.pos = p;
      const tag = readVarint(c);
      if (tag !== field * 8 + 2) {
        skipValue(c, tag);
        p = c.pos;
        continue;
      }
      const size = readVarint(c);
      const from = c.pos;
      p = from + size;
      this.take(b, from, p);
    }
  }
}

/**
 * The fields of a span that aggregations look at, read in one pass over its bytes; repositioned by
 * {@link scan}, nothing is allocated per span. The bytes have passed the structural check and carry
 * no unwritten edits.
 */
export class SpanScan {
  readonly attributes: AttributeScan;
  bytes: Uint8Array = noBytes;
  nameStart = 0;
  nameEnd = 0;
  /** As sent, also values that OTLP does not know. */
  kind = 0;
  statusCode = 0;
  startLo = 0;
  startHi = 0;
  endLo = 0;
  endHi = 0;
  /** First byte of the id, -1 = absent or empty. */
  traceId = -1;
  spanId = -1;
  parentSpanId = -1;
  stateStart = 0;
  stateEnd = 0;
  /** Start and end of each event. */
  events = new Int32Array(0);
  eventCount = 0;
  readonly #wantsEvents: boolean;
  readonly #cursor = new Cursor(noBytes);

  /** @param keys attributes to find; @param wantsEvents whether {@link events} is filled */
  constructor(keys: readonly string[], wantsEvents = false) {
    this.attributes = new AttributeScan(keys);
    this.#wantsEvents = wantsEvents;
  }

  /** Nanoseconds from start to end, 0 when the end is not after the start. */
  get durationNs(): number {
    return Math.max(0, (this.endHi - this.startHi) * 4294967296 + (this.endLo - this.startLo));
  }

  /** Reads the span in bytes [start, end). */
  scan(b: Uint8Array, start: number, end: number): void {
    this.#clear(b, start);
    const { attributes } = this;
    const wantsAttributes = attributes.keys.length > 0;
    let p = start;
    while (p < end) {
      const tag = b[p]!;
      const size = b[p + 1]!;
      if ((tag & 135) === 2 && size < 128) {
        const from = p + 2;
        p = from + size;
        if (tag !== 74) this.#bytesField(tag, from, p);
        else if (wantsAttributes) attributes.take(b, from, p);
      } else if ((tag & 135) === 1) {
        this.#fixedField(tag, p + 1);
        p += 9;
      } else if (tag === 48 && size < 128) {
        this.kind = size;
        p += 2;
      } else p = this.#slowField(p);
    }
  }

  #clear(b: Uint8Array, start: number): void {
    this.bytes = b;
    this.nameStart = start;
    this.nameEnd = start;
    this.stateStart = start;
    this.stateEnd = start;
    this.kind = 0;
    this.statusCode = 0;
    this.startLo = 0;
    this.startHi = 0;
    this.endLo = 0;
    this.endHi = 0;
    this.traceId = -1;
    this.spanId = -1;
    this.parentSpanId = -1;
    this.eventCount = 0;
    this.attributes.reset();
  }

  #fixedField(tag: number, p: number): void {
    if (tag === 57) {
      this.startLo = u32At(this.bytes, p);
      this.startHi = u32At(this.bytes, p + 4);
    } else if (tag === 65) {
      this.endLo = u32At(this.bytes, p);
      this.endHi = u32At(this.bytes, p + 4);
    }
  }

  #bytesField(tag: number, from: number, to: number): void {
    switch (tag) {
      case 10:
        this.traceId = to > from ? from : -1;
        break;
      case 18:
        this.spanId = to > from ? from : -1;
        break;
      case 26:
        this.stateStart = from;
        this.stateEnd = to;
        break;
      case 34:
        this.parentSpanId = to > from ? from : -1;
        break;
      case 42:
        this.nameStart = from;
        this.nameEnd = to;
        break;
      case 74:
        this.attributes.take(this.bytes, from, to);
        break;
      case 90:
        if (this.#wantsEvents) this.#addEvent(from, to);
        break;
      case 122:
        this.#status(from, to);
        break;
      default:
    }
  }

  #slowField(at: number): number {
    const c = this.#cursor;
    c.bytes = this.bytes;
    c.pos = at;
    const tag = readVarint(c);
    if (tag === 48) this.kind = readVarint(c);
    else if ((tag & 7) === 2) {
      const size = readVarint(c);
      const from = c.pos;
      c.pos = from + size;
      this.#bytesField(tag, from, c.pos);
    } else if ((tag & 7) === 1) {
      this.#fixedField(tag, c.pos);
      c.pos += 8;
    } else skipValue(c, tag);
    return c.pos;
  }

  #status(from: number, to: number): void {
    const { bytes } = this;
    if (to - from === 2 && bytes[from] === 24 && bytes[from + 1]! < 128) {
      this.statusCode = bytes[from + 1]!;
      return;
    }
    this.statusCode = 0;
    const c = this.#cursor;
    c.bytes = bytes;
    c.pos = from;
    while (c.pos < to) {
      const tag = readVarint(c);
      if (tag === 24) this.statusCode = readVarint(c);
      else skipValue(c, tag);
    }
  }

  #addEvent(from: number, to: number): void {
    const at = this.eventCount * 2;
    if (at === this.events.length) {
      const grown = new Int32Array(Math.max(16, at * 2));
      grown.set(this.events);
      this.events = grown;
    }
    this.events[at] = from;
    this.events[at + 1] = to;
    this.eventCount += 1;
  }
}
