import { Writer } from '../../pdata/proto/writer.ts';
import { keyField, ListTag, pairAttribute, textAttribute } from './attributes.ts';
import type { PairReader } from './tags.ts';
import { readMs, writeNanoseconds } from './times.ts';

const encoder = new TextEncoder();
const list = ListTag.event;

/** Keys of a log that says what went wrong, and what OpenTelemetry calls them. */
const errorKeys: readonly (readonly [key: Uint8Array, field: Uint8Array])[] = [
  [encoder.encode('error.kind'), keyField('exception.type')],
  [encoder.encode('message'), keyField('exception.message')],
  [encoder.encode('stack'), keyField('exception.stacktrace')],
];

const eventKey = encoder.encode('event');
const errorText = encoder.encode('error');
const logName = encoder.encode('log');
const exceptionName = encoder.encode('exception');

function equals(b: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i += 1) if (b[from + i] !== text[i]) return false;
  return true;
}

/**
 * Writes the logs of a span (Log: 1 time in ms, 2 data) as events. One with `event` = `error` is an
 * exception event; others are called what their `event` says, else `log`.
 */
export class EventWriter {
  readonly #w: Writer;
  readonly #pair: PairReader;
  readonly #message = new Writer(256);
  #wantsMessage = false;
  #ms = 0;
  #eventFrom = 0;
  #eventTo = 0;

  constructor(w: Writer, pair: PairReader) {
    this.#w = w;
    this.#pair = pair;
  }

  /** Starts a span. */
  reset(isError: boolean): void {
    this.#wantsMessage = isError;
    this.#message.length = 0;
  }

  /** Writes the log in bytes [start, end) of the reader. */
  write(start: number, end: number): void {
    const { r } = this.#pair;
    this.#scan(start, end);
    const w = this.#w;
    const { bytes } = r;
    const isError = equals(bytes, this.#eventFrom, this.#eventTo, errorText);
    const at = w.open(11, 2);
    writeNanoseconds(w, 1, this.#ms);
    if (isError) w.bytesField(2, exceptionName);
    else if (this.#eventFrom === this.#eventTo) w.bytesField(2, logName);
    else {
      r.checkUtf8(this.#eventFrom, this.#eventTo);
      w.tag(2, 2);
      w.varint(this.#eventTo - this.#eventFrom);
      w.copy(bytes, this.#eventFrom, this.#eventTo);
    }
    this.#data(start, end, isError);
    w.close(at);
  }

  /** Writes the status of a span that failed; its text is the message of the first error. */
  writeErrorStatus(): void {
    const w = this.#w;
    const at = w.open(15);
    if (this.#message.length > 0) {
      w.tag(2, 2);
      w.varint(this.#message.length);
      w.copy(this.#message.bytes, 0, this.#message.length);
    }
    w.uintField(3, 2);
    w.close(at);
  }

  /** The time, and what the key `event` says. */
  #scan(start: number, end: number): void {
    const pair = this.#pair;
    const { r } = pair;
    this.#ms = this.#eventFrom = this.#eventTo = 0;
    r.pos = start;
    r.end = end;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 8) this.#ms = readMs(r, 'time of a log');
      else r.skip(tag);
      if (tag !== 18 || this.#eventTo > 0) continue;
      const resume = r.pos;
      pair.read(r.from, r.to);
      r.pos = resume;
      if (!equals(r.bytes, pair.keyFrom, pair.keyTo, eventKey)) continue;
      this.#eventFrom = pair.from;
      this.#eventTo = pair.to;
    }
  }

  #data(start: number, end: number, isError: boolean): void {
    const pair = this.#pair;
    const { r } = pair;
    r.pos = start;
    r.end = end;
    let hasEvent = false;
    let seen = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      if (tag !== 18) continue;
      const resume = r.pos;
      pair.read(r.from, r.to);
      r.pos = resume;
      const { keyFrom, keyTo, from, to } = pair;
      if (!hasEvent && equals(r.bytes, keyFrom, keyTo, eventKey)) hasEvent = true;
      else if (isError) seen = this.#errorPair(keyFrom, keyTo, from, to, seen);
      else pairAttribute(this.#w, list, r, keyFrom, keyTo, from, to);
    }
  }

  #errorPair(keyFrom: number, keyTo: number, from: number, to: number, seen: number): number {
    const { r } = this.#pair;
    for (let i = 0; i < errorKeys.length; i += 1) {
      const [key, field] = errorKeys[i]!;
      if ((seen & (1 << i)) !== 0 || !equals(r.bytes, keyFrom, keyTo, key)) continue;
      textAttribute(this.#w, list, field, r, from, to);
      if (i === 1 && this.#wantsMessage) {
        this.#wantsMessage = false;
        this.#message.copy(r.bytes, from, to);
      }
      return seen | (1 << i);
    }
    pairAttribute(this.#w, list, r, keyFrom, keyTo, from, to);
    return seen;
  }
}
