import { Detection } from '../protocol.ts';

const MAX_METHOD = 32;
/** A first line that is not complete yet is believed for these methods only. */
const KNOWN = new Set(
  (
    'GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH QUERY PROPFIND PROPPATCH MKCOL COPY ' +
    'MOVE LOCK UNLOCK REPORT SEARCH PURGE'
  ).split(' '),
);
const LONGEST_KNOWN = 9;

const SPACE = 32;
const CR = 13;
const LF = 10;

/** `HTTP/1.` */
const VERSION = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e];

/** Characters of a token (RFC 9110 section 5.6.2), by code. */
const TOKEN = new Uint8Array(128);
for (const c of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN[c.charCodeAt(0)] = 1;
}

/** Whether a byte may stand in a method or a field name (RFC 9110 section 5.6.2). */
export function isTokenChar(code: number): boolean {
  return TOKEN[code] === 1;
}

/** Whether the bytes at `at` are `HTTP/1.` and a digit, as far as they go. */
function versionAt(b: Uint8Array, at: number, end: number): Detection {
  const n = Math.min(VERSION.length, end - at);
  for (let i = 0; i < n; i++) if (b[at + i] !== VERSION[i]) return Detection.no;
  if (end - at <= VERSION.length) return Detection.more;
  const minor = b[at + VERSION.length]!;
  return minor === 0x30 || minor === 0x31 ? Detection.request : Detection.no;
}

/** Whether bytes [start, end) begin an HTTP/1 request or response. */
export function detectHttp1(b: Uint8Array, start: number, end: number): Detection {
  let at = start;
  // A server is asked to ignore an empty line before a request (RFC 9112 section 2.2).
  while (at < end && at - start < 4 && (b[at] === CR || b[at] === LF)) at++;
  if (at >= end) return Detection.more;
  if (b[at] === VERSION[0]) {
    const v = versionAt(b, at, end);
    if (v === Detection.more) return v;
    if (v !== Detection.no) return statusAt(b, at + 8, end);
  }
  return detectRequest(b, at, end);
}

/** ` 200` and then a space or the end of the line. */
function statusAt(b: Uint8Array, at: number, end: number): Detection {
  if (end - at < 5) return Detection.more;
  if (b[at] !== SPACE) return Detection.no;
  const first = b[at + 1]!;
  if (first < 0x31 || first > 0x39) return Detection.no;
  if (!isDigit(b[at + 2]!) || !isDigit(b[at + 3]!)) return Detection.no;
  const next = b[at + 4]!;
  return next === SPACE || next === CR || next === LF ? Detection.response : Detection.no;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function detectRequest(b: Uint8Array, start: number, end: number): Detection {
  let at = start;
  const longest = Math.min(end, start + MAX_METHOD + 1);
  while (at < longest && isTokenChar(b[at]!)) at++;
  if (at === end) return couldBeMethod(b, start, end) ? Detection.more : Detection.no;
  if (at === start || b[at] !== SPACE) return Detection.no;
  const known = isKnown(b, start, at);
  const target = at + 1;
  at = target;
  while (at < end && b[at]! > SPACE && b[at] !== 0x7f) at++;
  if (at === end) {
    // A long target goes on in the next segment.
    if (!known) return Detection.no;
    return end > target ? Detection.request : Detection.more;
  }
  if (at === target || b[at] !== SPACE) return Detection.no;
  const version = versionAt(b, at + 1, end);
  if (version !== Detection.request) return version;
  const past = at + 9;
  if (past >= end) return Detection.more;
  return b[past] === CR || b[past] === LF ? Detection.request : Detection.no;
}

function isKnown(b: Uint8Array, start: number, end: number): boolean {
  if (end - start > LONGEST_KNOWN) return false;
  return KNOWN.has(text(b, start, end));
}

function couldBeMethod(b: Uint8Array, start: number, end: number): boolean {
  if (end - start > LONGEST_KNOWN) return false;
  const prefix = text(b, start, end);
  for (const method of KNOWN) if (method.startsWith(prefix)) return true;
  return false;
}

function text(b: Uint8Array, start: number, end: number): string {
  let s = '';
  for (let i = start; i < end; i++) s += String.fromCharCode(b[i]!);
  return s;
}
