import { u16be, u32be } from '../bytes.ts';
import type { CapturedPacket } from '../pcap/packet.ts';
import { type FragmentLimits, FragmentResult, FragmentTable } from './fragments.ts';
import { LinkDecoder } from './link.ts';
import { Verdict } from './verdict.ts';

/** Protocol number of TCP in an IP header. */
export const TCP = 6;
const UDP = 17;

/** Bits of `flags`. */
export const TcpFlag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

const NEXT_HOP_BY_HOP = 0;
const NEXT_ROUTING = 43;
const NEXT_FRAGMENT = 44;
const NEXT_AH = 51;
const NEXT_DESTINATION = 60;
const NEXT_MOBILITY = 135;
const MAX_EXTENSIONS = 8;

/**
 * Decodes a frame down to its TCP segment or UDP datagram, in place: the fields describe the packet
 * of the last `decode()` that returned `tcp` or `udp`, and nothing is allocated for it.
 */
export class PacketDecoder {
  /** 4 or 6. */
  version = 4;
  /** 6 = TCP, 17 = UDP. */
  protocol = 0;
  /** Addresses as four 32-bit words; of an IPv4 address only the last one is used. */
  s0 = 0;
  s1 = 0;
  s2 = 0;
  s3 = 0;
  d0 = 0;
  d1 = 0;
  d2 = 0;
  d3 = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** TCP only. */
  sequence = 0;
  acknowledgement = 0;
  flags = 0;
  /** TCP receive window as sent, not scaled. */
  window = 0;
  /** Where the payload is; for a reassembled datagram these are not the frame's bytes. */
  bytes: Uint8Array = new Uint8Array(0);
  payloadStart = 0;
  /** Payload bytes that were captured ... */
  payloadLength = 0;
  /** ... and that were sent; more than captured when the capture cut the frame. */
  payloadWireLength = 0;
  /** Interface of the packet: from the link header, else from the capture's source. */
  interfaceId = 0;

  readonly fragments: FragmentTable;
  private readonly link = new LinkDecoder();

  constructor(limits?: FragmentLimits) {
    this.fragments = new FragmentTable(limits);
  }

  /** @param now time of the packet in nanoseconds, for the reassembly of fragments */
  decode(p: CapturedPacket, now: number): Verdict {
    const fault = this.link.decode(p.bytes, p.start, p.length, p.linkType);
    if (fault !== 0) return fault;
    this.interfaceId = this.link.interfaceIndex === 0 ? p.interfaceId : this.link.interfaceIndex;
    const at = this.link.at;
    const end = p.start + p.length;
    const wireEnd = p.start + p.wireLength;
    if (end - at < 1) return Verdict.frameTooShort;
    const version = p.bytes[at]! >> 4;
    if (version === 4) return this.ipv4(p.bytes, at, end, wireEnd, now);
    if (version === 6) return this.ipv6(p.bytes, at, end, wireEnd, now);
    return Verdict.ipMalformed;
  }

  private ipv4(b: Uint8Array, at: number, end: number, wireEnd: number, now: number): Verdict {
    if (end - at < 20) return Verdict.frameTooShort;
    const headerLength = (b[at]! & 15) * 4;
    // Zero: segmentation offload, the kernel had not yet filled the length in.
    const total = u16be(b, at + 2) || wireEnd - at;
    if (headerLength < 20 || total < headerLength) return Verdict.ipMalformed;
    this.version = 4;
    this.s0 = this.s1 = this.s2 = this.d0 = this.d1 = this.d2 = 0;
    this.s3 = u32be(b, at + 12);
    this.d3 = u32be(b, at + 16);
    const protocol = b[at + 9]!;
    const data = at + headerLength;
    const wire = at + total;
    const fragment = u16be(b, at + 6) & 0x3fff;
    if (fragment === 0) return this.transport(protocol, b, data, Math.min(end, wire), wire);
    if (protocol !== TCP && protocol !== UDP) return Verdict.ipProtocolUnsupported;
    if (wire > end) return Verdict.fragmentTruncated;
    const key = `4 ${this.s3} ${this.d3} ${protocol} ${u16be(b, at + 4)} ${this.interfaceId}`;
    const offset = (fragment & 0x1fff) * 8;
    return this.fragment(key, protocol, offset, (fragment & 0x2000) === 0, b, data, wire, now);
  }

  private ipv6(b: Uint8Array, at: number, end: number, wireEnd: number, now: number): Verdict {
    if (end - at < 40) return Verdict.frameTooShort;
    this.version = 6;
    this.s0 = u32be(b, at + 8);
    this.s1 = u32be(b, at + 12);
    this.s2 = u32be(b, at + 16);
    this.s3 = u32be(b, at + 20);
    this.d0 = u32be(b, at + 24);
    this.d1 = u32be(b, at + 28);
    this.d2 = u32be(b, at + 32);
    this.d3 = u32be(b, at + 36);
    // Zero: offload or a jumbogram; the frame says how much there is.
    const payload = u16be(b, at + 4);
    const wire = payload === 0 ? wireEnd : at + 40 + payload;
    let next = b[at + 6]!;
    let data = at + 40;
    for (let i = 0; i < MAX_EXTENSIONS; i++) {
      if (next === TCP || next === UDP) {
        return this.transport(next, b, data, Math.min(end, wire), wire);
      }
      if (!isExtension(next)) return Verdict.ipProtocolUnsupported;
      if (end - data < 8) return Verdict.frameTooShort;
      if (next === NEXT_FRAGMENT) {
        const fragment = u16be(b, data + 2);
        const inner = b[data]!;
        // An atomic fragment is a whole datagram (RFC 6946).
        if ((fragment & 0xfff9) !== 0) return this.ipv6Fragment(b, data, end, wire, now);
        next = inner;
        data += 8;
        continue;
      }
      const length = next === NEXT_AH ? (b[data + 1]! + 2) * 4 : (b[data + 1]! + 1) * 8;
      next = b[data]!;
      data += length;
    }
    return Verdict.ipMalformed;
  }

  private ipv6Fragment(b: Uint8Array, at: number, end: number, wire: number, now: number): Verdict {
    const protocol = b[at]!;
    if (protocol !== TCP && protocol !== UDP) return Verdict.ipProtocolUnsupported;
    if (wire > end) return Verdict.fragmentTruncated;
    const fragment = u16be(b, at + 2);
    const ends = `${this.s0} ${this.s1} ${this.s2} ${this.s3} ${this.d0} ${this.d1} ${this.d2}`;
    const key = `6 ${ends} ${this.d3} ${protocol} ${u32be(b, at + 4)} ${this.interfaceId}`;
    const last = (fragment & 1) === 0;
    return this.fragment(key, protocol, fragment & 0xfff8, last, b, at + 8, wire, now);
  }

  private fragment(
    key: string,
    protocol: number,
    offset: number,
    last: boolean,
    b: Uint8Array,
    start: number,
    end: number,
    now: number,
  ): Verdict {
    if (start > end) return Verdict.ipMalformed;
    const result = this.fragments.add(key, offset, last, b, start, end, now);
    if (result === FragmentResult.held) return Verdict.fragmentHeld;
    if (result === FragmentResult.malformed) return Verdict.fragmentMalformed;
    const whole = this.fragments.whole;
    return this.transport(protocol, whole, 0, whole.length, whole.length);
  }

  /**
   * @param end of what was captured of the IP payload
   * @param wireEnd of what was sent
   */
  private transport(
    protocol: number,
    b: Uint8Array,
    at: number,
    end: number,
    wireEnd: number,
  ): Verdict {
    if (protocol !== TCP && protocol !== UDP) return Verdict.ipProtocolUnsupported;
    const minimum = protocol === TCP ? 20 : 8;
    if (end - at < minimum) return Verdict.frameTooShort;
    this.protocol = protocol;
    this.sourcePort = u16be(b, at);
    this.destinationPort = u16be(b, at + 2);
    let data = at + 8;
    let wire = wireEnd;
    if (protocol === TCP) {
      data = at + (b[at + 12]! >> 4) * 4;
      this.sequence = u32be(b, at + 4);
      this.acknowledgement = u32be(b, at + 8);
      this.flags = b[at + 13]!;
      this.window = u16be(b, at + 14);
    } else {
      const length = u16be(b, at + 4);
      if (length !== 0) wire = Math.min(wire, at + length);
    }
    if (data - at < minimum || data > wire) return Verdict.transportMalformed;
    this.bytes = b;
    this.payloadStart = data;
    this.payloadLength = Math.max(0, Math.min(end, wire) - data);
    this.payloadWireLength = wire - data;
    return protocol === TCP ? Verdict.tcp : Verdict.udp;
  }
}

function isExtension(next: number): boolean {
  switch (next) {
    case NEXT_HOP_BY_HOP:
    case NEXT_ROUTING:
    case NEXT_FRAGMENT:
    case NEXT_AH:
    case NEXT_DESTINATION:
    case NEXT_MOBILITY:
      return true;
    default:
      return false;
  }
}
