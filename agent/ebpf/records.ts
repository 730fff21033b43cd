import { cleanText, textOf } from '../tags/text.ts';

/* Records of native/bpf/event.h: little endian, each at an offset that 8 divides. */

/** What a record tells; numbers of native/bpf/event.h. */
export const Kind = {
  data: 1,
  connect: 2,
  accept: 3,
  /** One direction of a connection is over. */
  end: 4,
  close: 5,
  exec: 6,
  fork: 7,
  exit: 8,
} as const;

/** Bits of a record's flags; what they say is in native/bpf/event.h. */
export const Flag = {
  incoming: 1,
  tcp: 2,
  ipv6: 4,
  client: 8,
  server: 16,
  derived: 32,
  first: 64,
} as const;

/** Bytes of a record before its payload. */
export const HEADER_BYTES = 128;

const NAME_BYTES = 16;
const U32 = 0x1_0000_0000;

/**
 * Reads records in place: `next()` moves to the first or next one, then the fields are those of the
 * record at `at`. Records that do not fit into the batch end it.
 */
export class RecordReader {
  /** The batch, for payloads. */
  bytes: Uint8Array = new Uint8Array(0);
  /** Offset of the record in `bytes`. */
  at = 0;
  private words: Uint32Array = new Uint32Array(0);
  private after = 0;
  private end = 0;

  /**
   * Takes a batch.
   * @param bytes begins at an offset of its buffer that 4 divides
   * @param length bytes of `bytes` that are filled
   */
  batch(bytes: Uint8Array, length: number): void {
    if (bytes.buffer !== this.words.buffer || bytes.byteOffset !== this.words.byteOffset) {
      this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
    }
    this.bytes = bytes;
    this.after = 0;
    this.end = Math.min(length, bytes.byteLength);
  }

  /** @returns whether there is a record */
  next(): boolean {
    const at = this.after;
    if (at + HEADER_BYTES > this.end) return false;
    const size = this.words[at >>> 2]!;
    if (size < HEADER_BYTES || at + size > this.end) return false;
    this.at = at;
    this.after = (at + size + 7) & ~7;
    return HEADER_BYTES + this.captured <= size;
  }

  /** Moves to the whole record at an offset of the batch; `next()` goes on behind it. */
  seek(at: number): void {
    this.at = at;
    this.after = (at + this.words[at >>> 2]! + 7) & ~7;
  }

  get kind(): number {
    return this.bytes[this.at + 4]!;
  }

  get call(): number {
    return this.bytes[this.at + 5]!;
  }

  get flags(): number {
    return this.bytes[this.at + 6]!;
  }

  get rule(): number {
    return this.bytes[this.at + 7]!;
  }

  /** Nanoseconds of the monotonic clock since `baseNs`: exact while they are within 104 days. */
  timeSince(baseHigh: number, baseLow: number): number {
    const w = this.at >>> 2;
    return (this.words[w + 3]! - baseHigh) * U32 + (this.words[w + 2]! - baseLow);
  }

  get tgid(): number {
    return this.words[(this.at >>> 2) + 4]!;
  }

  get thread(): number {
    return this.words[(this.at >>> 2) + 5]!;
  }

  get socket(): number {
    return this.words[(this.at >>> 2) + 6]!;
  }

  get number(): number {
    return this.words[(this.at >>> 2) + 7]!;
  }

  get chainLow(): number {
    return this.words[(this.at >>> 2) + 8]!;
  }

  get chainHigh(): number {
    return this.words[(this.at >>> 2) + 9]!;
  }

  get sequence(): number {
    return this.words[(this.at >>> 2) + 10]!;
  }

  get acknowledgement(): number {
    return this.words[(this.at >>> 2) + 11]!;
  }

  /** Bytes that the call moved; of a fork the child. */
  get length(): number {
    return this.words[(this.at >>> 2) + 12]!;
  }

  /** Bytes of them that follow the header, in `bytes` from `payload` on. */
  get captured(): number {
    return this.words[(this.at >>> 2) + 13]!;
  }

  get payload(): number {
    return this.at + HEADER_BYTES;
  }

  get networkNamespace(): number {
    return this.words[(this.at >>> 2) + 14]!;
  }

  get localPort(): number {
    return this.words[(this.at >>> 2) + 15]! & 0xffff;
  }

  get remotePort(): number {
    return this.words[(this.at >>> 2) + 15]! >>> 16;
  }

  /** Word 0 to 3 of an address, in network byte order; IPv4 is word 0. */
  localWord(i: number): number {
    return swap(this.words[(this.at >>> 2) + 16 + i]!);
  }

  remoteWord(i: number): number {
    return swap(this.words[(this.at >>> 2) + 20 + i]!);
  }

  /** Short name of the process, which can give itself any: without control characters. */
  get command(): string {
    const from = this.at + HEADER_BYTES - NAME_BYTES;
    const name = this.bytes.subarray(from, from + NAME_BYTES);
    const end = name.indexOf(0);
    return cleanText(textOf(end < 0 ? name : name.subarray(0, end)), NAME_BYTES);
  }
}

function swap(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
