import { staticEntries, staticTable } from './static-table.ts';

/** Header fields in order: name, value. */
export type Fields = readonly (readonly [name: string, value: string])[];

function integer(out: number[], first: number, prefixBits: number, value: number): void {
  const mask = (1 << prefixBits) - 1;
  if (value < mask) {
    out.push(first | value);
    return;
  }
  out.push(first | mask);
  let rest = value - mask;
  for (; rest >= 128; rest >>>= 7) out.push((rest & 127) | 128);
  out.push(rest);
}

function string(out: number[], text: string): void {
  const bytes = Buffer.from(text, 'latin1');
  integer(out, 0, 7, bytes.length);
  for (const byte of bytes) out.push(byte);
}

function staticIndex(name: string, value: string | undefined): number {
  for (let i = 0; i < staticEntries; i += 1) {
    if (staticTable[2 * i] !== name) continue;
    if (value === undefined || staticTable[2 * i + 1] === value) return i + 1;
  }
  return 0;
}

/**
 * Encodes fields without touching the dynamic table, so that the block is valid at any time on any
 * connection: templates are made once. No Huffman coding: bytes on the wire matter less than time.
 */
export function encodeFields(fields: Fields): Buffer {
  const out: number[] = [];
  for (const [name, value] of fields) {
    const whole = staticIndex(name, value);
    if (whole > 0) {
      integer(out, 0x80, 7, whole);
      continue;
    }
    const index = staticIndex(name, undefined);
    integer(out, 0, 4, index);
    if (index === 0) string(out, name);
    string(out, value);
  }
  return Buffer.from(out);
}

/**
 * The same constant fields sent again and again on one connection: the first block puts what is not
 * in the static table into the dynamic table, the following are a few index bytes.
 */
export interface ConstantFields {
  /** For the first request on a connection. */
  readonly first: Buffer;
  /** For all that follow, provided nothing else entered the table. */
  readonly again: Buffer;
  /** For peers with a smaller table: begins with a size update to 0, enters nothing. */
  readonly plain: Buffer;
  /** Bytes of the dynamic table that `first` fills. */
  readonly tableBytes: number;
}

/**
 * Encodes fields in the three ways; names have to be in lower case, none may be secret (all are
 * indexed).
 */
export function constantFields(fields: Fields): ConstantFields {
  const first: number[] = [];
  const entered: number[] = [];
  let tableBytes = 0;
  for (const [name, value] of fields) {
    const whole = staticIndex(name, value);
    if (whole > 0) {
      integer(first, 0x80, 7, whole);
      entered.push(-whole);
      continue;
    }
    const index = staticIndex(name, undefined);
    integer(first, 0x40, 6, index);
    if (index === 0) string(first, name);
    string(first, value);
    entered.push(1);
    tableBytes += name.length + value.length + 32;
  }
  const again: number[] = [];
  let dynamic = entered.filter((e) => e > 0).length;
  for (const e of entered) integer(again, 0x80, 7, e < 0 ? -e : staticEntries + dynamic--);
  return {
    first: Buffer.from(first),
    again: Buffer.from(again),
    plain: Buffer.concat([Buffer.from([0x20]), encodeFields(fields)]),
    tableBytes,
  };
}
