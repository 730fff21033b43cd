import { REDACTED, redactQuery } from '../obfuscate.ts';

/** The parts of a request target that become attributes. */
export interface Target {
  readonly scheme: string;
  /** Host and port of an absolute or authority form; '' = none. */
  readonly authority: string;
  readonly path: string;
  /** Without `?`, secrets redacted; '' = none. */
  readonly query: string;
}

const ABSOLUTE = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/;

/**
 * Splits a request target (RFC 9112 section 3.2). Bytes beyond ASCII, which are not allowed there,
 * are percent-encoded; user information of an absolute form is redacted.
 */
export function parseTarget(method: string, raw: string): Target {
  const target = ascii(raw);
  if (method === 'CONNECT') return { scheme: '', authority: target, path: '', query: '' };
  if (target.startsWith('/') || target === '*') {
    const q = target.indexOf('?');
    if (q < 0) return { scheme: 'http', authority: '', path: target, query: '' };
    const query = redactQuery(target.slice(q + 1));
    return { scheme: 'http', authority: '', path: target.slice(0, q), query };
  }
  const m = ABSOLUTE.exec(target);
  if (m === null) return { scheme: 'http', authority: '', path: target, query: '' };
  const at = m[2]!.lastIndexOf('@');
  const authority = at < 0 ? m[2]! : `${REDACTED}@${m[2]!.slice(at + 1)}`;
  const query = redactQuery(m[4] ?? '');
  return { scheme: m[1]!.toLowerCase(), authority, path: m[3] || '/', query };
}

function ascii(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7e) return encoded(text);
  }
  return text;
}

function encoded(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    out += code > 0x7e ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : text[i];
  }
  return out;
}

/** Segments that name one thing of many: numbers, UUIDs, hashes, long mixtures with digits. */
const ID = new RegExp(
  [
    '^\\d+$',
    '^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$',
    '^(?=.*\\d)[0-9a-fA-F]{8,}$',
    '^(?=.*\\d.*\\d)[\\w.~%:@=+-]{20,}$',
  ].join('|'),
);
const MAX_SEGMENT = 64;

function isId(segment: string): boolean {
  if (segment.length > MAX_SEGMENT) return true;
  for (let i = 0; i < segment.length; i++) {
    const c = segment.charCodeAt(i);
    // No id is without digits and hyphens.
    if ((c >= 0x30 && c <= 0x39) || c === 0x2d) return ID.test(segment);
  }
  return false;
}

/**
 * The first `segments` segments of a path, with those that look like ids as `{id}`: few values
 * enough for a span name. '' when `segments` is 0 or the path is none.
 */
export function endpointOf(path: string, segments: number): string {
  if (segments <= 0 || !path.startsWith('/')) return '';
  let out = '';
  let start = 1;
  for (let n = 0; n < segments && start < path.length; ) {
    const slash = path.indexOf('/', start);
    const end = slash < 0 ? path.length : slash;
    if (end > start) {
      const segment = path.slice(start, end);
      out += isId(segment) ? '/{id}' : `/${segment}`;
      n++;
    }
    start = end + 1;
  }
  return out === '' ? '/' : out;
}
