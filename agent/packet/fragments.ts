import { copyOf } from '../bytes.ts';

/** What reassembly of IP fragments may hold. */
export interface FragmentLimits {
  /** Datagrams in progress. The oldest is given up for a new one. */
  readonly maxDatagrams: number;
  /** Bytes held over all datagrams. The oldest datagrams are given up for new bytes. */
  readonly maxBytes: number;
  /** Nanoseconds after which a datagram is given up. */
  readonly timeout: number;
}

/** 1,024 datagrams, 4 MiB, 30 s. */
export const defaultFragmentLimits: FragmentLimits = {
  maxDatagrams: 1024,
  maxBytes: 4 << 20,
  timeout: 30e9,
};

const MAX_DATAGRAM = 65535;
const MAX_FRAGMENTS = 128;

interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

interface Datagram {
  readonly started: number;
  /** Sorted by offset, without overlap. */
  readonly parts: Part[];
  held: number;
  /** Length of the whole, once the last fragment was seen; else -1. */
  total: number;
}

/** What one fragment came to. */
export const FragmentResult = {
  held: 0,
  /** The datagram is in `whole`. */
  complete: 1,
  /** Overlapping or over-long: the datagram is given up, as RFC 5722 asks. */
  malformed: 2,
} as const;

/**
 * Reassembles the fragments of IPv4 and IPv6 datagrams, bounded in number, bytes and time. Meant
 * for the rare fragmented packet, not for the hot path.
 */
export class FragmentTable {
  /** The payload of the datagram that the last call completed. */
  whole: Uint8Array = new Uint8Array(0);
  /** Datagrams that were given up: no room, or too late. */
  expired = 0;
  private readonly limits: FragmentLimits;
  private readonly datagrams = new Map<string, Datagram>();
  private heldBytes = 0;

  constructor(limits: FragmentLimits = defaultFragmentLimits) {
    this.limits = limits;
  }

  get bytes(): number {
    return this.heldBytes;
  }

  /**
   * Takes bytes [start, end) of a fragment; they are copied.
   * @param key addresses, protocol and identification
   * @param offset of the fragment in the datagram's payload
   * @param last whether it ends the datagram
   */
  add(
    key: string,
    offset: number,
    last: boolean,
    b: Uint8Array,
    start: number,
    end: number,
    now: number,
  ): (typeof FragmentResult)[keyof typeof FragmentResult] {
    this.expire(now);
    const length = end - start;
    const past = offset + length;
    if (past > MAX_DATAGRAM || length === 0 || (!last && length % 8 !== 0)) {
      this.drop(key);
      return FragmentResult.malformed;
    }
    const d = this.datagramOf(key, now);
    if (!this.insert(d, offset, copyOf(b, start, end), last, past)) {
      this.drop(key);
      return FragmentResult.malformed;
    }
    if (d.total >= 0 && d.held === d.total) {
      this.whole = join(d);
      this.forget(key, d);
      return FragmentResult.complete;
    }
    while (this.heldBytes > this.limits.maxBytes) this.dropOldest();
    return FragmentResult.held;
  }

  private datagramOf(key: string, now: number): Datagram {
    const found = this.datagrams.get(key);
    if (found !== undefined) return found;
    if (this.datagrams.size >= this.limits.maxDatagrams) this.dropOldest();
    const made: Datagram = { started: now, parts: [], held: 0, total: -1 };
    this.datagrams.set(key, made);
    return made;
  }

  private insert(d: Datagram, offset: number, bytes: Uint8Array, last: boolean, past: number) {
    let at = d.parts.length;
    while (at > 0 && d.parts[at - 1]!.offset > offset) at--;
    const before = d.parts[at - 1];
    const after = d.parts[at];
    if (before?.offset === offset && before.bytes.length === bytes.length) return true;
    if (before !== undefined && before.offset + before.bytes.length > offset) return false;
    if (after !== undefined && past > after.offset) return false;
    if (last && after !== undefined) return false;
    if (d.total >= 0 && (last || past > d.total)) return false;
    if (d.parts.length >= MAX_FRAGMENTS) return false;
    if (last) d.total = past;
    d.parts.splice(at, 0, { offset, bytes });
    d.held += bytes.length;
    this.heldBytes += bytes.length;
    return true;
  }

  /** Datagrams are in the order of their first fragment, so the old ones come first. */
  private expire(now: number): void {
    for (const [key, d] of this.datagrams) {
      if (now - d.started < this.limits.timeout) return;
      this.expired++;
      this.forget(key, d);
    }
  }

  private dropOldest(): void {
    for (const [key, d] of this.datagrams) {
      this.expired++;
      this.forget(key, d);
      return;
    }
  }

  private drop(key: string): void {
    const d = this.datagrams.get(key);
    if (d !== undefined) this.forget(key, d);
  }

  private forget(key: string, d: Datagram): void {
    this.datagrams.delete(key);
    this.heldBytes -= d.held;
  }
}

function join(d: Datagram): Uint8Array {
  const whole = new Uint8Array(d.total);
  for (const part of d.parts) whole.set(part.bytes, part.offset);
  return whole;
}
