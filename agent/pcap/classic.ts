import { u32be, u32le } from '../bytes.ts';
import { CaptureFileError } from './error.ts';
import type { FormatParser } from './format.ts';
import { type CapturedPacket, type CaptureLimits, emptyPacket, type PacketSink } from './packet.ts';

/*
 * Classic pcap (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html)
 *
 *   file header, 24 bytes: magic u32 | major u16 | minor u16 | 0 u32 x2 | snaplen u32 | link u32
 *   record, 16 bytes:      seconds u32 | fraction u32 | captured u32 | on the wire u32 | frame
 */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;

/** Whether a file that starts with these four bytes is classic pcap. */
export function isClassic(bytes: Uint8Array, start: number): boolean {
  const be = u32be(bytes, start);
  const le = u32le(bytes, start);
  return be === MAGIC_MICROS || be === MAGIC_NANOS || le === MAGIC_MICROS || le === MAGIC_NANOS;
}

/** Reads classic pcap of both byte orders, with micro- or nanoseconds. */
export class ClassicParser implements FormatParser {
  skip = 0;
  private readonly sink: PacketSink;
  private readonly limits: CaptureLimits;
  private readonly packet: CapturedPacket = emptyPacket();
  private headerRead = false;
  private bigEndian = false;
  private fractionToNanos = 1000;

  constructor(sink: PacketSink, limits: CaptureLimits) {
    this.sink = sink;
    this.limits = limits;
  }

  read(bytes: Uint8Array, start: number, end: number, offset: number): number {
    let at = start;
    if (!this.headerRead) {
      if (end - at < FILE_HEADER) return 0;
      this.readHeader(bytes, at);
      at += FILE_HEADER;
    }
    while (end - at >= RECORD_HEADER) {
      const captured = this.u32(bytes, at + 8);
      if (captured > this.limits.maxPacketBytes) {
        throw new CaptureFileError(
          offset + at - start + 8,
          `packet claims ${captured} captured bytes, ` +
            `at most ${this.limits.maxPacketBytes} expected`,
        );
      }
      if (end - at - RECORD_HEADER < captured) break;
      this.emit(bytes, at, captured);
      at += RECORD_HEADER + captured;
    }
    return at - start;
  }

  expected(bytes: Uint8Array, start: number, end: number): string {
    const left = end - start;
    if (!this.headerRead) return `file header of ${FILE_HEADER} bytes expected, ${left} left`;
    if (left < RECORD_HEADER)
      return `packet header of ${RECORD_HEADER} bytes expected, ${left} left`;
    const captured = this.u32(bytes, start + 8);
    return `packet of ${captured} bytes expected, ${left - RECORD_HEADER} left`;
  }

  private readHeader(bytes: Uint8Array, at: number): void {
    const be = u32be(bytes, at);
    this.bigEndian = be === MAGIC_MICROS || be === MAGIC_NANOS;
    const magic = this.u32(bytes, at);
    this.fractionToNanos = magic === MAGIC_NANOS ? 1 : 1000;
    // The upper bits of the link field say how long the frame check sequence is.
    this.packet.linkType = this.u32(bytes, at + 20) & 0xffff;
    this.headerRead = true;
  }

  private emit(bytes: Uint8Array, at: number, captured: number): void {
    const p = this.packet;
    const nanos = this.u32(bytes, at + 4) * this.fractionToNanos;
    const carry = Math.floor(nanos / 1e9);
    p.seconds = this.u32(bytes, at) + carry;
    p.nanos = nanos - carry * 1e9;
    p.bytes = bytes;
    p.start = at + RECORD_HEADER;
    p.length = captured;
    p.wireLength = Math.max(this.u32(bytes, at + 12), captured);
    this.sink(p);
  }

  private u32(bytes: Uint8Array, at: number): number {
    return this.bigEndian ? u32be(bytes, at) : u32le(bytes, at);
  }
}
