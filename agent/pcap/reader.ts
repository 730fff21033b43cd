import { ClassicParser, isClassic } from './classic.ts';
import { CaptureFileError } from './error.ts';
import type { FormatParser } from './format.ts';
import { isNg, NgParser } from './ng.ts';
import { type CaptureLimits, defaultCaptureLimits, type PacketSink } from './packet.ts';

/**
 * Reads a pcap or pcapng file that arrives in chunks of any size and hands out each packet as soon
 * as it is complete. At most one incomplete record beside the current chunk is held, and no more
 * than the limits allow: a length that lies fails before memory is taken for it.
 *
 * A fault throws CaptureFileError with the file offset; packets before it have been handed out, and
 * the reader takes nothing more.
 */
export class CaptureReader {
  private readonly sink: PacketSink;
  private readonly limits: CaptureLimits;
  private parser: FormatParser | undefined;
  private carry = new Uint8Array(0);
  private carried = 0;
  private toSkip = 0;
  /** File offset of the first byte that no record has taken. */
  private offset = 0;
  private failed = false;

  constructor(sink: PacketSink, limits: CaptureLimits = defaultCaptureLimits) {
    this.sink = sink;
    this.limits = limits;
  }

  /**
   * Takes the next bytes of the file. They may be overwritten after the call.
   * @throws CaptureFileError
   */
  push(chunk: Uint8Array): void {
    if (this.failed) return;
    const skipped = Math.min(this.toSkip, chunk.length);
    this.toSkip -= skipped;
    this.offset += skipped;
    if (skipped === chunk.length) return;
    try {
      if (this.carried === 0) this.parse(chunk, skipped, chunk.length);
      else this.parseCarried(chunk, skipped);
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }

  /**
   * Says that the file is complete.
   * @throws CaptureFileError when it ends within a record
   */
  end(): void {
    if (this.failed) return;
    this.failed = true;
    if (this.toSkip > 0) {
      throw new CaptureFileError(this.offset, `truncated: block goes on for ${this.toSkip} bytes`);
    }
    if (this.parser === undefined) {
      throw new CaptureFileError(this.offset, `truncated: pcap or pcapng header expected`);
    }
    if (this.carried > 0 || this.offset === 0) {
      const expected = this.parser.expected(this.carry, 0, this.carried);
      throw new CaptureFileError(this.offset, `truncated: ${expected}`);
    }
  }

  private parseCarried(chunk: Uint8Array, from: number): void {
    const length = this.carried + chunk.length - from;
    this.reserve(length);
    this.carry.set(chunk.subarray(from), this.carried);
    this.carried = 0;
    this.parse(this.carry, 0, length);
  }

  private parse(bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    this.parser ??= this.choose(bytes, at, end);
    if (this.parser !== undefined) {
      const taken = this.parser.read(bytes, at, end, this.offset);
      at += taken;
      this.offset += taken;
      this.toSkip = this.parser.skip;
    }
    const left = end - at;
    if (left > 0) {
      this.reserve(left);
      // copyWithin and set both cope with `bytes` being the carry buffer itself.
      this.carry.set(bytes.subarray(at, end), 0);
    }
    this.carried = left;
  }

  private choose(bytes: Uint8Array, start: number, end: number): FormatParser | undefined {
    if (end - start < 4) return undefined;
    if (isClassic(bytes, start)) return new ClassicParser(this.sink, this.limits);
    if (isNg(bytes, start)) return new NgParser(this.sink, this.limits);
    const found = Buffer.from(bytes.subarray(start, start + 4)).toString('hex');
    throw new CaptureFileError(
      this.offset,
      `magic number of pcap (a1b2c3d4, a1b23c4d) or pcapng (0a0d0d0a) expected, ${found} found`,
    );
  }

  private reserve(length: number): void {
    if (this.carry.length >= length) return;
    const grown = new Uint8Array(Math.max(length, 4096, this.carry.length * 2));
    grown.set(this.carry.subarray(0, this.carried));
    this.carry = grown;
  }
}
