import { u16be, u16le, u32be, u32le } from '../bytes.ts';
import { CaptureFileError } from './error.ts';
import type { FormatParser } from './format.ts';
import { type CapturedPacket, type CaptureLimits, emptyPacket, type PacketSink } from './packet.ts';
import { microseconds, type Resolution, type SplitTime, splitTime, ticksOf } from './resolution.ts';

/*
 * pcapng (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html)
 *
 *   block:  type u32 | total length u32 | body, padded to 4 | total length u32
 *   SHB 0x0a0d0d0a: byte order magic u32 | major u16 | minor u16 | section length u64 | options
 *   IDB 1:          link u16 | reserved u16 | snaplen u32 | options
 *   PB  2:          interface u16 | drops u16 | then as EPB from the time on, without options
 *   SPB 3:          wire u32 | frame
 *   EPB 6:          interface u32 | time, high u32 | low u32 | captured u32 | wire u32 | frame
 *                   | options
 */
const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const OLD_PACKET = 2;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;

const BYTE_ORDER = 0x1a2b3c4d;
const BLOCK_HEADER = 8;
/** Options of a block that carries a frame, and of a description block, are bounded by this. */
const MAX_OPTIONS = 1 << 20;

const OPTION_END = 0;
const OPTION_TSRESOL = 9;
const OPTION_TSOFFSET = 14;

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly resolution: Resolution;
}

/** Whether a file that starts with these four bytes is pcapng. */
export function isNg(bytes: Uint8Array, start: number): boolean {
  return u32be(bytes, start) === SECTION;
}

/** Smallest total length of a block type whose content matters; undefined = passed over. */
function minimumLength(type: number): number | undefined {
  switch (type) {
    case SECTION:
      return 28;
    case INTERFACE:
      return 20;
    case OLD_PACKET:
    case ENHANCED_PACKET:
      return 32;
    case SIMPLE_PACKET:
      return 16;
    default:
      return undefined;
  }
}

/**
 * Reads pcapng: sections of either byte order, interfaces with their resolution, all packet blocks.
 */
export class NgParser implements FormatParser {
  skip = 0;
  private readonly sink: PacketSink;
  private readonly limits: CaptureLimits;
  private readonly packet: CapturedPacket = emptyPacket();
  /** Of the last packet; kept apart, since whoever gets a packet may change it. */
  private readonly time: SplitTime = { seconds: 0, nanos: 0 };
  private bigEndian = false;
  private interfaces: Interface[] = [];
  /** Interfaces of earlier sections: their numbers are not used again. */
  private firstInterface = 0;

  constructor(sink: PacketSink, limits: CaptureLimits) {
    this.sink = sink;
    this.limits = limits;
  }

  read(bytes: Uint8Array, start: number, end: number, offset: number): number {
    let at = start;
    this.skip = 0;
    while (end - at >= BLOCK_HEADER + 4) {
      const here = offset + at - start;
      if (u32be(bytes, at) === SECTION) this.readByteOrder(bytes, at + BLOCK_HEADER, here);
      const type = this.u32(bytes, at);
      const total = this.u32(bytes, at + 4);
      const minimum = minimumLength(type);
      this.checkLength(type, total, minimum ?? 12, here);
      if (minimum === undefined) {
        const have = Math.min(total, end - at);
        at += have;
        this.skip = total - have;
        if (this.skip > 0) break;
        continue;
      }
      if (end - at < total) break;
      const trailer = this.u32(bytes, at + total - 4);
      if (trailer !== total) {
        throw new CaptureFileError(
          here + total - 4,
          `block length ${total} expected to be repeated, ${trailer} found`,
        );
      }
      this.readBlock(type, bytes, at, total, here);
      at += total;
    }
    return at - start;
  }

  expected(bytes: Uint8Array, start: number, end: number): string {
    const left = end - start;
    if (left < BLOCK_HEADER + 4) return `block of at least 12 bytes expected, ${left} left`;
    return `block of ${this.u32(bytes, start + 4)} bytes expected, ${left} left`;
  }

  private checkLength(type: number, total: number, minimum: number, here: number): void {
    const known = minimumLength(type) !== undefined;
    const largest = this.limits.maxPacketBytes + MAX_OPTIONS;
    if (total % 4 !== 0 || total < minimum) {
      throw new CaptureFileError(
        here + 4,
        `block length ${total} of type ${type}, a multiple of 4 from ${minimum} up expected`,
      );
    }
    if (known && total > largest) {
      throw new CaptureFileError(
        here + 4,
        `block length ${total} of type ${type}, at most ${largest} expected`,
      );
    }
  }

  private readByteOrder(bytes: Uint8Array, at: number, here: number): void {
    if (u32be(bytes, at) === BYTE_ORDER) this.bigEndian = true;
    else if (u32le(bytes, at) === BYTE_ORDER) this.bigEndian = false;
    else {
      const found = u32be(bytes, at).toString(16).padStart(8, '0');
      throw new CaptureFileError(here + 8, `byte order magic 1a2b3c4d expected, ${found} found`);
    }
  }

  private readBlock(type: number, b: Uint8Array, at: number, total: number, here: number): void {
    const body = at + BLOCK_HEADER;
    const end = at + total - 4;
    switch (type) {
      case SECTION:
        this.firstInterface += this.interfaces.length;
        this.interfaces = [];
        return;
      case INTERFACE:
        this.readInterface(b, body, end, here);
        return;
      case ENHANCED_PACKET:
        this.readPacket(b, this.u32(b, body), body + 4, end, here);
        return;
      case OLD_PACKET:
        this.readPacket(b, this.u16(b, body), body + 4, end, here);
        return;
      default:
        this.readSimple(b, body, end, here);
    }
  }

  private readInterface(b: Uint8Array, at: number, end: number, here: number): void {
    if (this.interfaces.length >= this.limits.maxInterfaces) {
      throw new CaptureFileError(here, `at most ${this.limits.maxInterfaces} interfaces expected`);
    }
    let ticks: number | undefined = 1e6;
    let offsetSeconds = 0;
    let option = at + 8;
    while (end - option >= 4) {
      const code = this.u16(b, option);
      const length = this.u16(b, option + 2);
      const value = option + 4;
      if (code === OPTION_END || end - value < length) break;
      if (code === OPTION_TSRESOL && length === 1) ticks = ticksOf(b[value]!);
      if (code === OPTION_TSOFFSET && length === 8) offsetSeconds = this.i64(b, value);
      option = value + ((length + 3) & ~3);
    }
    if (ticks === undefined) {
      throw new CaptureFileError(here, 'timestamp resolution of at most 10^-19 or 2^-63 expected');
    }
    const plain = ticks === 1e6 && offsetSeconds === 0;
    this.interfaces.push({
      linkType: this.u16(b, at),
      snapLength: this.u32(b, at + 4),
      resolution: plain ? microseconds : { ticks, offsetSeconds },
    });
  }

  private interfaceOf(id: number, here: number): Interface {
    const found = this.interfaces[id];
    if (found !== undefined) return found;
    throw new CaptureFileError(
      here,
      `packet of interface ${id}, but the section describes ${this.interfaces.length}`,
    );
  }

  /** @param at where the timestamp starts */
  private readPacket(b: Uint8Array, id: number, at: number, end: number, here: number): void {
    const from = this.interfaceOf(id, here);
    const captured = this.u32(b, at + 8);
    const start = at + 16;
    this.checkCaptured(captured, end - start, here);
    splitTime(this.u32(b, at), this.u32(b, at + 4), from.resolution, this.time);
    this.emit(b, id, from, start, captured, this.u32(b, at + 12));
  }

  /** A simple packet block has no time: it takes the time of the packet before it. */
  private readSimple(b: Uint8Array, at: number, end: number, here: number): void {
    const from = this.interfaceOf(0, here);
    const wire = this.u32(b, at);
    let captured = Math.min(wire, end - at - 4);
    if (from.snapLength > 0) captured = Math.min(captured, from.snapLength);
    this.checkCaptured(captured, end - at - 4, here);
    this.emit(b, 0, from, at + 4, captured, wire);
  }

  private checkCaptured(captured: number, room: number, here: number): void {
    const most = Math.min(room, this.limits.maxPacketBytes);
    if (captured <= most) return;
    throw new CaptureFileError(
      here,
      `packet claims ${captured} captured bytes, at most ${most} expected`,
    );
  }

  private emit(
    b: Uint8Array,
    id: number,
    from: Interface,
    start: number,
    captured: number,
    wire: number,
  ): void {
    const p = this.packet;
    p.bytes = b;
    p.start = start;
    p.length = captured;
    p.wireLength = Math.max(wire, captured);
    p.seconds = this.time.seconds;
    p.nanos = this.time.nanos;
    p.linkType = from.linkType;
    p.interfaceId = this.firstInterface + id;
    this.sink(p);
  }

  private u16(b: Uint8Array, at: number): number {
    return this.bigEndian ? u16be(b, at) : u16le(b, at);
  }

  private u32(b: Uint8Array, at: number): number {
    return this.bigEndian ? u32be(b, at) : u32le(b, at);
  }

  private i64(b: Uint8Array, at: number): number {
    const high = this.u32(b, this.bigEndian ? at : at + 4) | 0;
    const low = this.u32(b, this.bigEndian ? at + 4 : at);
    return high * 2 ** 32 + low;
  }
}
