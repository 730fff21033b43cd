import { latin1 } from '../../bytes.ts';

const MAX_NAME = 255;
/** Pointers of one name: more than a name can have labels are there to burn time. */
const MAX_POINTERS = 127;
const BACKSLASH = 0x5c;

/**
 * Reads domain names (RFC 1035 section 4.1.4) in presentation format without the final dot; the
 * root is `.`. Special characters in labels are escaped as `\.`, `\\` and `\DDD`.
 */
export class NameReader {
  /** Offset after the name that was read, in the message. */
  next = 0;

  /**
   * @param start of the message, to which compression pointers are relative
   * @returns undefined when it is malformed: too long, past `end`, more than 127 pointers, or one
   *   that does not point back (each must point before the one that led to it: there are no loops)
   */
  read(b: Uint8Array, start: number, at: number, end: number): string | undefined {
    let name = '';
    let length = 0;
    let position = at;
    let lowest = at;
    let jumps = 0;
    for (;;) {
      if (position >= end) return undefined;
      const size = b[position]!;
      if (size === 0) {
        if (jumps === 0) this.next = position + 1;
        return name === '' ? '.' : name;
      }
      if (size >= 0xc0) {
        if (position + 1 >= end) return undefined;
        const target = start + (((size & 0x3f) << 8) | b[position + 1]!);
        if (jumps === 0) this.next = position + 2;
        jumps++;
        if (target >= lowest || jumps > MAX_POINTERS) return undefined;
        lowest = target;
        position = target;
        continue;
      }
      length += size + 1;
      if (size > 63 || position + 1 + size > end || length >= MAX_NAME) return undefined;
      if (name !== '') name += '.';
      name += label(b, position + 1, position + 1 + size);
      position += size + 1;
    }
  }
}

function label(b: Uint8Array, start: number, end: number): string {
  for (let i = start; i < end; i++) {
    const c = b[i]!;
    if (c <= 0x20 || c >= 0x7f || c === 0x2e || c === BACKSLASH) return escaped(b, start, end);
  }
  return latin1(b, start, end);
}

function escaped(b: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) {
    const c = b[i]!;
    if (c === 0x2e || c === BACKSLASH) text += `\\${String.fromCharCode(c)}`;
    else if (c <= 0x20 || c >= 0x7f) text += `\\${String(c).padStart(3, '0')}`;
    else text += String.fromCharCode(c);
  }
  return text;
}

/** A character string of a TXT record as text in quotes, escaped like names. */
export function quoted(b: Uint8Array, start: number, end: number): string {
  let text = '"';
  for (let i = start; i < end; i++) {
    const c = b[i]!;
    if (c === 0x22 || c === BACKSLASH) text += `\\${String.fromCharCode(c)}`;
    else if (c < 0x20 || c >= 0x7f) text += `\\${String(c).padStart(3, '0')}`;
    else text += String.fromCharCode(c);
  }
  return `${text}"`;
}
