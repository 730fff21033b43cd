import { latin1 } from '../../bytes.ts';
import { isTokenChar } from './detect.ts';

const LF = 10;
const CR = 13;
const SPACE = 32;
const TAB = 9;
const COLON = 58;
const MAX_HEADERS = 256;

/** Header fields whose values are looked at; the index is the slot of their offsets. */
export const Header = {
  host: 0,
  userAgent: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  upgrade: 5,
  requestId: 6,
  traceparent: 7,
  tracestate: 8,
  b3: 9,
  b3TraceId: 10,
  b3SpanId: 11,
  sw8: 12,
  uberTraceId: 13,
  forwardedFor: 14,
} as const;

const NAMES = [
  'host',
  'user-agent',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'x-request-id',
  'traceparent',
  'tracestate',
  'b3',
  'x-b3-traceid',
  'x-b3-spanid',
  'sw8',
  'uber-trace-id',
  'x-forwarded-for',
] as const;

const LONGEST_NAME = 17;
const NAME_BYTES = NAMES.map((name) => Uint8Array.from(Buffer.from(name)));
/** Slots by the length of the name. */
const BY_LENGTH: readonly (readonly number[])[] = Array.from({ length: LONGEST_NAME + 1 }, (_, n) =>
  NAMES.flatMap((name, slot) => (name.length === n ? [slot] : [])),
);

/** What a parse gives where it does not give the head's length. */
export const HeadResult = {
  /** The head goes on after the bytes at hand. */
  incomplete: -1,
  /** Not HTTP, or HTTP that a server must refuse. */
  malformed: -2,
} as const;

/**
 * The head of a message: offsets into the bytes that were parsed, valid until the next parse. One
 * is used for all connections.
 */
export class Head {
  isRequest = true;
  /** Request: method, target. Response: nothing. */
  methodStart = 0;
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** 10 or 11. */
  version = 11;
  /** Response. */
  status = 0;
  /** Content-Length; -1 = none. */
  contentLength = -1;
  /** Transfer-Encoding is there ... */
  encoded = false;
  /** ... and its last coding is chunked. */
  chunked = false;
  private readonly starts = new Int32Array(NAMES.length);
  private readonly ends = new Int32Array(NAMES.length);
  private count = 0;

  has(slot: number): boolean {
    return this.starts[slot]! >= 0;
  }

  /** Value of a header field as ISO 8859-1, cut at `most`; '' when absent. The first one counts. */
  text(b: Uint8Array, slot: number, most = 512): string {
    const start = this.starts[slot]!;
    return start < 0 ? '' : latin1(b, start, Math.min(this.ends[slot]!, start + most));
  }

  /**
   * Parses the head that starts at `start`.
   * @param cut the rest of the head was not captured: take what is there, if the first line is
   *   whole
   * @returns offset after the empty line (after the last whole line when cut), or a HeadResult
   */
  parse(b: Uint8Array, start: number, end: number, isRequest: boolean, cut = false): number {
    this.isRequest = isRequest;
    this.contentLength = -1;
    this.encoded = false;
    this.chunked = false;
    this.starts.fill(-1);
    this.count = 0;
    let at = start;
    while (at < end && (b[at] === CR || b[at] === LF)) at++;
    at = isRequest ? this.requestLine(b, at, end) : this.statusLine(b, at, end);
    while (at > 0) {
      if (at >= end) return cut ? at : HeadResult.incomplete;
      const c = b[at]!;
      if (c === LF) return at + 1;
      if (c === CR) {
        if (at + 1 >= end) return cut ? at : HeadResult.incomplete;
        return b[at + 1] === LF ? at + 2 : HeadResult.malformed;
      }
      const next = this.field(b, at, end);
      if (next === HeadResult.incomplete && cut) return at;
      at = next;
    }
    return at;
  }

  private requestLine(b: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && isTokenChar(b[at]!)) at++;
    if (at >= end) return HeadResult.incomplete;
    if (at === start || b[at] !== SPACE) return HeadResult.malformed;
    this.methodStart = start;
    this.methodEnd = at;
    this.targetStart = ++at;
    while (at < end && b[at]! > SPACE && b[at] !== 0x7f) at++;
    if (at >= end) return HeadResult.incomplete;
    if (at === this.targetStart || b[at] !== SPACE) return HeadResult.malformed;
    this.targetEnd = at;
    const past = this.httpVersion(b, at + 1, end);
    return past < 0 ? past : endOfLine(b, past, end);
  }

  private statusLine(b: Uint8Array, start: number, end: number): number {
    let at = this.httpVersion(b, start, end);
    if (at < 0) return at;
    if (end - at < 5) return HeadResult.incomplete;
    if (b[at] !== SPACE) return HeadResult.malformed;
    let status = 0;
    for (let i = at + 1; i <= at + 3; i++) {
      const digit = b[i]! - 0x30;
      if (digit < 0 || digit > 9) return HeadResult.malformed;
      status = status * 10 + digit;
    }
    this.status = status;
    if (status < 100) return HeadResult.malformed;
    at += 4;
    const next = b[at]!;
    if (next !== SPACE && next !== CR && next !== LF) return HeadResult.malformed;
    while (at < end && b[at] !== LF) at++;
    return at >= end ? HeadResult.incomplete : at + 1;
  }

  /** `HTTP/1.0` or `HTTP/1.1`; @returns the offset behind it, or a HeadResult */
  private httpVersion(b: Uint8Array, at: number, end: number): number {
    if (end - at < 8) return HeadResult.incomplete;
    const http = b[at] === 0x48 && b[at + 1] === 0x54 && b[at + 2] === 0x54 && b[at + 3] === 0x50;
    if (!http || b[at + 4] !== 0x2f || b[at + 5] !== 0x31 || b[at + 6] !== 0x2e) {
      return HeadResult.malformed;
    }
    const minor = b[at + 7]! - 0x30;
    if (minor !== 0 && minor !== 1) return HeadResult.malformed;
    this.version = 10 + minor;
    return at + 8;
  }

  /** One `name: value` line; @returns the offset of the next line, or a HeadResult */
  private field(b: Uint8Array, start: number, end: number): number {
    if (++this.count > MAX_HEADERS) return HeadResult.malformed;
    let at = start;
    while (at < end && isTokenChar(b[at]!)) at++;
    if (at >= end) return HeadResult.incomplete;
    // A space here is a folded line, or one before the colon: both are to be refused.
    if (at === start || b[at] !== COLON) return HeadResult.malformed;
    const slot = slotOf(b, start, at);
    at++;
    while (at < end && (b[at] === SPACE || b[at] === TAB)) at++;
    const value = at;
    let c = 0;
    while (at < end && ((c = b[at]!) >= SPACE || c === TAB)) at++;
    if (at >= end) return HeadResult.incomplete;
    const stop = at;
    if (c === CR) {
      if (at + 1 >= end) return HeadResult.incomplete;
      at++;
    }
    if (b[at] !== LF) return HeadResult.malformed;
    if (slot >= 0 && !this.take(b, slot, value, trimmed(b, value, stop))) {
      return HeadResult.malformed;
    }
    return at + 1;
  }

  private take(b: Uint8Array, slot: number, start: number, end: number): boolean {
    if (slot === Header.contentLength) return this.length(b, start, end);
    if (slot === Header.transferEncoding) {
      this.encoded = true;
      this.chunked = endsWithChunked(b, start, end);
    }
    if (this.starts[slot]! < 0) {
      this.starts[slot] = start;
      this.ends[slot] = end;
    }
    return true;
  }

  private length(b: Uint8Array, start: number, end: number): boolean {
    if (start === end || end - start > 15) return false;
    let n = 0;
    for (let i = start; i < end; i++) {
      const digit = b[i]! - 0x30;
      if (digit < 0 || digit > 9) return false;
      n = n * 10 + digit;
    }
    // Two lengths that differ are an attack on whoever believes the other one.
    if (this.contentLength >= 0 && this.contentLength !== n) return false;
    this.contentLength = n;
    return true;
  }
}

function endOfLine(b: Uint8Array, at: number, end: number): number {
  if (at >= end) return HeadResult.incomplete;
  if (b[at] === LF) return at + 1;
  if (b[at] !== CR) return HeadResult.malformed;
  if (at + 1 >= end) return HeadResult.incomplete;
  return b[at + 1] === LF ? at + 2 : HeadResult.malformed;
}

function trimmed(b: Uint8Array, start: number, end: number): number {
  let stop = end;
  while (stop > start && (b[stop - 1] === SPACE || b[stop - 1] === TAB)) stop--;
  return stop;
}

function slotOf(b: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST_NAME) return -1;
  for (const slot of BY_LENGTH[length]!) {
    const name = NAME_BYTES[slot]!;
    let i = 0;
    while (i < length && lower(b[start + i]!) === name[i]) i++;
    if (i === length) return slot;
  }
  return -1;
}

function lower(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

const CHUNKED = Uint8Array.from(Buffer.from('chunked'));

function endsWithChunked(b: Uint8Array, start: number, end: number): boolean {
  const from = end - CHUNKED.length;
  if (from < start) return false;
  for (let i = 0; i < CHUNKED.length; i++) {
    if (lower(b[from + i]!) !== CHUNKED[i]) return false;
  }
  if (from === start) return true;
  const before = b[from - 1]!;
  return before === SPACE || before === TAB || before === 0x2c;
}
