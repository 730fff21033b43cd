import { u16le } from '../../bytes.ts';

/** Length of the largest payload of one packet; the next packet goes on with it. */
const FULL = 0xffffff;
const HEADER = 4;

/** A packet whose head was read; one object a direction, filled anew. */
export interface Packet {
  /** Head of the payload: bytes [start, end) of `bytes`. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Bytes of the payload. */
  length: number;
  sequenceId: number;
  /** The payload goes on with that of the packet before. */
  continued: boolean;
  /** Less of the head than was wanted: the rest was not captured. */
  cut: boolean;
  /** TCP numbers and time of the packet's first byte. */
  sequence: number;
  acknowledgement: number;
  time: number;
  /** Time of the head's last byte. */
  headTime: number;
}

/** Takes the packets of a direction. */
export interface PacketTaker {
  /** Bytes of the payload that are wanted at once, by its length and first byte. */
  wanted(length: number, first: number): number;
  /** The head of a packet has come. Its header and head count as seen. */
  head(packet: Packet): void;
  /** `count` more bytes of the packet, seen or lost, at `time`. */
  rest(count: number, time: number): void;
  /** The packet is over. */
  done(packet: Packet): void;
}

/**
 * Cuts one direction of a connection into packets (length of 3 bytes, sequence id, payload). Only
 * heads are looked at; the rest of a payload is counted, also where it was not captured.
 */
export class PacketStream {
  /** Packet boundaries are not known. */
  lost = false;
  /** All bytes of a call have its sequence number: they were unpacked. */
  fixed = false;
  readonly packet: Packet = {
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    length: 0,
    sequenceId: 0,
    continued: false,
    cut: false,
    sequence: 0,
    acknowledgement: 0,
    time: 0,
    headTime: 0,
  };
  private readonly taker: PacketTaker;
  /** Bytes of the payload still to come; -1 = a header is next. */
  private left = -1;
  private full = false;
  private held: Uint8Array | undefined = undefined;
  private heldLength = 0;

  constructor(taker: PacketTaker) {
    this.taker = taker;
  }

  /** Between two packets. */
  get atBoundary(): boolean {
    return this.left < 0 && this.heldLength === 0 && !this.full;
  }

  /** Boundaries are known again: a packet begins with the next byte. */
  restart(): void {
    this.lost = false;
    this.left = -1;
    this.full = false;
    this.forget();
  }

  data(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    let at = start;
    while (at < end && !this.lost) {
      if (this.left >= 0) {
        const taken = Math.min(this.left, end - at);
        at += taken;
        this.skip(taken, time);
        continue;
      }
      if (this.heldLength === 0) {
        const p = this.packet;
        p.sequence = this.fixed ? sequence : (sequence + at - start) >>> 0;
        p.acknowledgement = acknowledgement;
        p.time = time;
        const need = this.need(b, at, end);
        if (need <= end - at) {
          this.take(b, at, at + need, time, false);
          at += need;
          continue;
        }
      }
      at = this.gather(b, at, end, time);
    }
  }

  /**
   * Bytes that were not captured.
   * @returns how many lie beyond the packet that was going on: boundaries are lost with them
   */
  gap(length: number, time: number): number {
    if (this.left < 0) {
      if (this.heldLength < HEADER) {
        const unseen = length + this.heldLength;
        this.lose();
        return unseen;
      }
      const bytes = this.held!;
      const held = this.heldLength;
      this.forget();
      this.take(bytes, 0, held, time, true);
    }
    const taken = Math.min(Math.max(0, this.left), length);
    if (this.left >= 0) this.skip(taken, time);
    if (length > taken) this.lose();
    return length - taken;
  }

  /** Nothing more comes: a head that began is handed on as it is. */
  close(): void {
    if (!this.lost && this.left < 0 && this.heldLength > HEADER) {
      const bytes = this.held!;
      const held = this.heldLength;
      this.forget();
      this.take(bytes, 0, held, this.packet.headTime, true);
    }
    this.lose();
  }

  lose(): void {
    this.lost = true;
    this.left = -1;
    this.full = false;
    this.forget();
  }

  /** Bytes of header and head that must be there, as far as can be told. */
  private need(b: Uint8Array, at: number, end: number): number {
    if (end - at < HEADER) return HEADER;
    const length = lengthAt(b, at);
    if (length === 0) return HEADER;
    if (end - at === HEADER) return HEADER + 1;
    return HEADER + Math.min(length, this.taker.wanted(length, b[at + HEADER]!));
  }

  private gather(b: Uint8Array, start: number, end: number, time: number): number {
    let at = start;
    for (;;) {
      const held = this.held;
      const need = held === undefined ? HEADER : this.need(held, 0, this.heldLength);
      if (this.heldLength >= need) {
        const bytes = this.held!;
        this.forget();
        this.take(bytes, 0, need, time, false);
        return at;
      }
      if (at === end) return at;
      const taken = Math.min(need - this.heldLength, end - at);
      this.hold(b, at, at + taken);
      this.packet.headTime = time;
      at += taken;
    }
  }

  private hold(b: Uint8Array, start: number, end: number): void {
    const length = this.heldLength + end - start;
    if (this.held === undefined || this.held.length < length) {
      const grown = new Uint8Array(Math.max(length, this.heldLength * 2, 16));
      if (this.held !== undefined) grown.set(this.held.subarray(0, this.heldLength));
      this.held = grown;
    }
    this.held.set(b.subarray(start, end), this.heldLength);
    this.heldLength = length;
  }

  private forget(): void {
    this.held = undefined;
    this.heldLength = 0;
  }

  private take(b: Uint8Array, start: number, end: number, time: number, cut: boolean): void {
    const p = this.packet;
    p.bytes = b;
    p.start = start + HEADER;
    p.end = end;
    p.length = lengthAt(b, start);
    p.sequenceId = b[start + 3]!;
    p.continued = this.full;
    p.cut = cut;
    p.headTime = time;
    this.full = p.length === FULL;
    this.left = p.length - (p.end - p.start);
    this.taker.head(p);
    if (this.left === 0) this.over();
  }

  private skip(count: number, time: number): void {
    this.left -= count;
    if (count > 0) this.taker.rest(count, time);
    if (this.left === 0) this.over();
  }

  private over(): void {
    this.left = -1;
    this.taker.done(this.packet);
  }
}

/** A packet's length, of its header's first three bytes; the caller has checked the bounds. */
export function lengthAt(b: Uint8Array, at: number): number {
  return u16le(b, at) | (b[at + 2]! << 16);
}
