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
  [encoder.encode('Stack'), keyField('exception.stacktrace')],
  [encoder.encode('Traceback'), keyField('exception.stacktrace')],
];
const messageIndex = 1;
const stackBits = 0b11100;

const eventKey = encoder.encode('event');
/** Keys of Node.js' and Python's agents, which say `event` never. */
const stackKey = encoder.encode('Stack');
const tracebackKey = encoder.encode('Traceback');
const errorText = encoder.encode('error');
const logName = encoder.encode('log');
const newline = 0x0a;
const exceptionName = encoder.encode('exception');

function equals(b: Uint8Array, from: number, to: number, text: Uint8Array): boolean {
  if (to - from !== text.length) return false;
  for (let i = 0; i < text.length; i += 1) if (b[from + i] !== text[i]) return false;
  return true;
}

/**
 * Writes the logs of a span (Log: 1 time in ms, 2 data) as events. One with `event` = `error`, or
 * with the `Stack` or `Traceback` of agents for Node.js and Python, is an exception event; others
 * are called what their `event` says, else `log`.
 */
export class EventWriter {
  readonly #w: Writer;
  readonly #pair: PairReader;
  readonly #message = new Writer(256);
  #wantsMessage = false;
  #ms = 0;
  #eventFrom = 0;
  #eventTo = 0;
  #isError = false;
  #lineFrom = 0;
  #lineTo = 0;

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
    const isError = this.#isError || equals(bytes, this.#eventFrom, this.#eventTo, errorText);
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
    this.#isError = false;
    r.pos = start;
    r.end = end;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      if (tag === 8) this.#ms = readMs(r, 'time of a log');
      else r.skip(tag);
      if (tag !== 18) continue;
      const resume = r.pos;
      pair.read(r.from, r.to);
      r.pos = resume;
      this.#isError ||=
        equals(r.bytes, pair.keyFrom, pair.keyTo, stackKey) ||
        equals(r.bytes, pair.keyFrom, pair.keyTo, tracebackKey);
      const isFirst = this.#eventTo === 0;
      if (!isFirst || !equals(r.bytes, pair.keyFrom, pair.keyTo, eventKey)) continue;
      this.#eventFrom = pair.from;
      this.#eventTo = pair.to;
    }
  }

  #data(start: number, end: number, isError: boolean): void {
    const pair = this.#pair;
    const { r } = pair;
    r.pos = start;
    r.end = end;
    // what became the name is no attribute
    let named = isError && !equals(r.bytes, this.#eventFrom, this.#eventTo, errorText);
    let seen = 0;
    this.#lineTo = 0;
    for (let tag = r.next(); tag !== 0; tag = r.next()) {
      r.skip(tag);
      if (tag !== 18) continue;
      const resume = r.pos;
      pair.read(r.from, r.to);
      r.pos = resume;
      const { keyFrom, keyTo, from, to } = pair;
      if (!named && equals(r.bytes, keyFrom, keyTo, eventKey)) named = true;
      else if (isError) seen = this.#errorPair(keyFrom, keyTo, from, to, seen);
      else pairAttribute(this.#w, list, r, keyFrom, keyTo, from, to);
    }
    if (isError && (seen & (1 << messageIndex)) === 0 && this.#lineTo > 0) this.#messageOfStack();
  }

  /** A stack alone says in one of its lines what went wrong. */
  #messageOfStack(): void {
    const { r } = this.#pair;
    const field = errorKeys[messageIndex]![1];
    textAttribute(this.#w, list, field, r, this.#lineFrom, this.#lineTo);
    this.#keepMessage(this.#lineFrom, this.#lineTo);
  }

  /** Keeps the first message of a span that failed for its status. */
  #keepMessage(from: number, to: number): void {
    if (!this.#wantsMessage) return;
    this.#wantsMessage = false;
    this.#message.copy(this.#pair.r.bytes, from, to);
  }

  /** The line that names the error: Python's last, else the first. */
  #line(from: number, to: number, isLast: boolean): void {
    const b = this.#pair.r.bytes;
    let start = from;
    let end = to;
    while (end > start && b[end - 1]! <= 32) end -= 1;
    if (isLast) {
      let p = end;
      while (p > start && b[p - 1] !== newline) p -= 1;
      start = p;
    } else {
      let p = start;
      while (p < end && b[p] !== newline) p += 1;
      end = p;
    }
    this.#lineFrom = start;
    this.#lineTo = end;
  }

  #errorPair(keyFrom: number, keyTo: number, from: number, to: number, seen: number): number {
    const { r } = this.#pair;
    for (let i = 0; i < errorKeys.length; i += 1) {
      const [key, field] = errorKeys[i]!;
      if ((seen & (1 << i)) !== 0 || !equals(r.bytes, keyFrom, keyTo, key)) continue;
      textAttribute(this.#w, list, field, r, from, to);
      if (i === messageIndex) this.#keepMessage(from, to);
      else if (i > 1) this.#line(from, to, i === errorKeys.length - 1);
      return seen | (i < 2 ? 1 << i : stackBits);
    }
    pairAttribute(this.#w, list, r, keyFrom, keyTo, from, to);
    return seen;
  }
}
