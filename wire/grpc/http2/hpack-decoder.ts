import { ConnectionError, ErrorCode } from './constants.ts';
import { decodeHuffman } from './huffman.ts';
import { RecentStrings } from './recent-strings.ts';
import { staticEntries, staticTable } from './static-table.ts';

/** What an entry costs beside its name and value (RFC 7541 section 4.1). */
const entryOverhead = 32;

/** The most recent header block: `names[i]` with `values[i]` for i < count. Reused by the next. */
export interface HeaderList {
  names: string[];
  values: string[];
  count: number;
  /** Sum over all fields of name, value and 32 (RFC 9113 section 6.5.2), also beyond the limits. */
  size: number;
  /** Fields beyond a limit were decoded, for the table's sake, but not kept. */
  overLimit: boolean;
  /** A name had a character that names have not, or a value NUL, CR or LF. */
  malformed: boolean;
}

interface HpackLimits {
  /** Bytes of the dynamic table that we allow; what SETTINGS_HEADER_TABLE_SIZE said. */
  tableSize: number;
  /** Decoded bytes of one list (`HeaderList.size`). */
  listSize: number;
  /** Fields of one list. */
  pairs: number;
}

/**
 * HPACK decoder of one direction of one connection (RFC 7541).
 *
 * The dynamic table is a ring of name, value pairs, the newest at `newest`. Memory is bounded by
 * `tableSize`: an entry costs its characters and 32, and no string is built longer than its block.
 */
export class HpackDecoder {
  readonly list: HeaderList = {
    names: [],
    values: [],
    count: 0,
    size: 0,
    overLimit: false,
    malformed: false,
  };
  readonly #limits: HpackLimits;
  #names: string[] = [];
  #values: string[] = [];
  #tableBytes = 0;
  #tableLimit: number;
  #input: Buffer = Buffer.alloc(0);
  #at = 0;
  #end = 0;
  #scratch: Buffer | undefined;
  /** A malformed field is in the dynamic table: nothing of this peer is to be trusted. */
  #poisoned = false;
  readonly #recent = new RecentStrings();

  constructor(limits: HpackLimits) {
    this.#limits = limits;
    this.#tableLimit = limits.tableSize;
  }

  /**
   * Decodes one whole header block.
   * @throws ConnectionError COMPRESSION_ERROR, after which the connection is of no use
   */
  decode(input: Buffer, start: number, end: number): HeaderList {
    const list = this.list;
    list.count = 0;
    list.size = 0;
    list.overLimit = false;
    list.malformed = this.#poisoned;
    this.#input = input;
    this.#at = start;
    this.#end = end;
    while (this.#at < this.#end) this.#field();
    return list;
  }

  #field(): void {
    const first = this.#input[this.#at]!;
    if (first >= 0x80) {
      const index = this.#integer(7);
      this.#keep(this.#name(index), this.#value(index));
    } else if (first >= 0x40) {
      const index = this.#integer(6);
      const name = index === 0 ? this.#literalName() : this.#name(index);
      const value = this.#literalValue();
      if (this.list.malformed) this.#poisoned = true;
      this.#insert(name, value);
      this.#keep(name, value);
    } else if (first >= 0x20) {
      if (this.list.size > 0) fail('table size update after a field');
      const size = this.#integer(5);
      if (size > this.#limits.tableSize) fail(`table size ${size} over the limit`);
      this.#tableLimit = size;
      this.#evict(0);
    } else {
      const index = this.#integer(4);
      const name = index === 0 ? this.#literalName() : this.#name(index);
      this.#keep(name, this.#literalValue());
    }
  }

  #keep(name: string, value: string): void {
    const list = this.list;
    list.size += name.length + value.length + entryOverhead;
    if (list.size > this.#limits.listSize || list.count >= this.#limits.pairs) {
      list.overLimit = true;
      return;
    }
    list.names[list.count] = name;
    list.values[list.count] = value;
    list.count += 1;
  }

  #name(index: number): string {
    if (index <= staticEntries && index > 0) return staticTable[2 * index - 2]!;
    return this.#names[this.#dynamic(index)]!;
  }

  #value(index: number): string {
    if (index <= staticEntries && index > 0) return staticTable[2 * index - 1]!;
    return this.#values[this.#dynamic(index)]!;
  }

  /** Entries are appended, so that the newest, index 62, is the last. */
  #dynamic(index: number): number {
    const slot = this.#names.length - (index - staticEntries);
    if (index === 0 || slot < 0) fail(`index ${index} is in no table`);
    return slot;
  }

  #insert(name: string, value: string): void {
    const size = name.length + value.length + entryOverhead;
    this.#evict(size);
    if (size > this.#tableLimit) return;
    this.#names.push(name);
    this.#values.push(value);
    this.#tableBytes += size;
  }

  /** Drops the oldest entries until `incoming` more bytes fit. */
  #evict(incoming: number): void {
    let drop = 0;
    while (this.#tableBytes + incoming > this.#tableLimit && drop < this.#names.length) {
      const size = this.#names[drop]!.length + this.#values[drop]!.length + entryOverhead;
      this.#tableBytes -= size;
      drop += 1;
    }
    if (drop === 0) return;
    this.#names.splice(0, drop);
    this.#values.splice(0, drop);
  }

  #literalName(): string {
    const name = this.#string();
    if (name.length === 0) this.list.malformed = true;
    for (let i = 0; i < name.length; i += 1) {
      const c = name.charCodeAt(i);
      if (c <= 0x20 || c >= 0x7f || (c >= 0x41 && c <= 0x5a)) this.list.malformed = true;
    }
    return name;
  }

  /** RFC 9113 section 8.2.1: NUL, CR and LF would be more than a value where it is passed on. */
  #literalValue(): string {
    const value = this.#string();
    for (let i = 0; i < value.length; i += 1) {
      const c = value.charCodeAt(i);
      if (c <= 13 && (c === 0 || c === 10 || c === 13)) this.list.malformed = true;
    }
    return value;
  }

  /** Prefix integer (RFC 7541 section 5.1), at most 2^28. */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#input[this.#at++]! & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      if (this.#at >= this.#end) fail('header block ends within an integer');
      if (shift > 21) fail('integer too large');
      const byte = this.#input[this.#at++]!;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  #string(): string {
    if (this.#at >= this.#end) fail('header block ends before a string');
    const huffman = this.#input[this.#at]! >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) fail('header block ends within a string');
    this.#at = end;
    if (!huffman) return this.#input.toString('latin1', start, end);
    return this.#recent.get(this.#input, start, end) ?? this.#huffman(start, end);
  }

  #huffman(start: number, end: number): string {
    const length = end - start;
    const needed = Math.ceil((length * 8) / 5);
    if (this.#scratch === undefined || this.#scratch.length < needed) {
      this.#scratch = Buffer.allocUnsafe(Math.max(256, needed));
    }
    const decoded = decodeHuffman(this.#input, start, end, this.#scratch);
    const text = this.#scratch.toString('latin1', 0, decoded);
    this.#recent.put(this.#input, start, end, text);
    return text;
  }
}

function fail(message: string): never {
  throw new ConnectionError(ErrorCode.COMPRESSION_ERROR, `cannot decode headers: ${message}`);
}
