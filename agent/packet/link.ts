import { u16be, u32be } from '../bytes.ts';
import { LinkType } from '../pcap/packet.ts';
import { Verdict } from './verdict.ts';

/** IP version that a link header announces; 0 = to be read from the packet itself. */
export type Announced = 0 | 4 | 6;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad and the older QinQ tag types. */
const TAG_8021Q = 0x8100;
const TAG_8021AD = 0x88a8;
const TAG_QINQ = 0x9100;
const MAX_TAGS = 4;

/**
 * Finds the IP header behind a link header. `at` and `interfaceIndex` are the result of the last
 * call that returned 0.
 */
export class LinkDecoder {
  /** Start of the IP header. */
  at = 0;
  /** Interface that the link header itself names (Linux cooked v2), else 0. */
  interfaceIndex = 0;

  /** @returns 0, or the verdict why there is no IP header */
  decode(b: Uint8Array, start: number, length: number, linkType: number): Verdict | 0 {
    this.interfaceIndex = 0;
    const end = start + length;
    switch (linkType) {
      case LinkType.ethernet:
        return this.etherType(b, start + 12, end);
      case LinkType.linuxSll:
        return this.etherType(b, start + 14, end);
      case LinkType.linuxSll2:
        return this.cooked2(b, start, end);
      case LinkType.null:
      case LinkType.loop:
        return this.family(b, start, end);
      case LinkType.raw:
      case LinkType.rawBsd12:
      case LinkType.rawBsd14:
      case LinkType.ipv4:
      case LinkType.ipv6:
        this.at = start;
        return 0;
      default:
        return Verdict.linkTypeUnsupported;
    }
  }

  /** @param at where the two bytes of the EtherType are */
  private etherType(b: Uint8Array, at: number, end: number): Verdict | 0 {
    let type = 0;
    let next = at;
    for (let tags = 0; tags <= MAX_TAGS; tags++) {
      if (end - next < 2) return Verdict.frameTooShort;
      type = u16be(b, next);
      next += 2;
      if (type !== TAG_8021Q && type !== TAG_8021AD && type !== TAG_QINQ) break;
      next += 2;
    }
    if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return Verdict.notIp;
    this.at = next;
    return 0;
  }

  private cooked2(b: Uint8Array, start: number, end: number): Verdict | 0 {
    if (end - start < 20) return Verdict.frameTooShort;
    const type = u16be(b, start);
    this.interfaceIndex = u32be(b, start + 4);
    if (type === TAG_8021Q || type === TAG_8021AD || type === TAG_QINQ)
      return this.etherType(b, start + 22, end);
    if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return Verdict.notIp;
    this.at = start + 20;
    return 0;
  }

  /** BSD loopback: an address family in the byte order of the capturing machine. */
  private family(b: Uint8Array, start: number, end: number): Verdict | 0 {
    if (end - start < 4) return Verdict.frameTooShort;
    const big = u32be(b, start);
    const family = big > 0xffff ? b[start]! : big;
    // AF_INET is 2 everywhere, AF_INET6 is 10 on Linux, 24 to 30 on the BSDs.
    if (family !== 2 && family !== 10 && family !== 24 && family !== 28 && family !== 30) {
      return Verdict.notIp;
    }
    this.at = start + 4;
    return 0;
  }
}
