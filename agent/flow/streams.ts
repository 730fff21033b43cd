import { copyOf } from '../bytes.ts';
import { type PacketDecoder, TcpFlag } from '../packet/decode.ts';
import { type FlowColumns, SideFlag } from './columns.ts';

/** Where the bytes of each side of each TCP connection go, in order. */
export interface StreamSink {
  /**
   * Bytes [start, end) come next; they may be overwritten after the call.
   * @param sequence TCP sequence number of the first of them
   * @param acknowledgement of the segment that brought them
   * @param time of that segment, in nanoseconds since the engine's base
   */
  data(
    flow: number,
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void;
  /** `length` bytes come next that were not captured; `sequence` is that of the first of them. */
  gap(flow: number, side: number, length: number, sequence: number, time: number): void;
  /** The side sends nothing more: FIN, or RST of either side. */
  closed(flow: number, side: number, time: number): void;
}

/** What is held of segments that came too early. */
export interface StreamLimits {
  /** Segments and bytes held of one side; beyond, the hole before them is declared a gap. */
  readonly maxSegments: number;
  readonly maxBytes: number;
  /** Bytes held over all flows; beyond, the flow that wants more has its hole declared a gap. */
  readonly maxTotalBytes: number;
  /** Nanoseconds that a hole which the receiver has acknowledged may stay: it was not captured. */
  readonly acknowledgedWait: number;
  /** Nanoseconds that any hole may stay. */
  readonly wait: number;
}

/** 256 KiB of one side, 32 MiB in all; a hole stays 20 ms once it is acknowledged, else 1 s. */
export const defaultStreamLimits: StreamLimits = {
  maxSegments: 128,
  maxBytes: 256 << 10,
  maxTotalBytes: 32 << 20,
  acknowledgedWait: 20e6,
  wait: 1e9,
};

/** What a held segment takes beside its bytes, which may be none: the capture can cut frames. */
const SEGMENT = 128;

interface Segment {
  readonly sequence: number;
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly acknowledgement: number;
  readonly time: number;
}

interface Held {
  /** By sequence number; may overlap. */
  readonly segments: Segment[];
  bytes: number;
  /** When the first of them came. */
  since: number;
}

/**
 * Puts the segments of TCP connections in order, per side by sequence number: retransmitted and
 * overlapping bytes are cut off (what came first stands), early ones are held within the limits,
 * holes that will not be filled are reported as gaps. Sequence numbers wrap.
 */
export class TcpStreams {
  /** Segments that came before one that precedes them. */
  outOfOrder = 0;
  retransmitted = 0;
  gaps = 0;
  lostBytes = 0;
  private readonly c: FlowColumns;
  private readonly sink: StreamSink;
  private readonly limits: StreamLimits;
  private readonly held = new Map<number, Held>();
  private totalBytes = 0;

  constructor(columns: FlowColumns, sink: StreamSink, limits: StreamLimits = defaultStreamLimits) {
    this.c = columns;
    this.sink = sink;
    this.limits = limits;
  }

  /** Bytes held of segments that came too early, with what keeping them takes. */
  get heldBytes(): number {
    return this.totalBytes;
  }

  /** Takes the segment that `d` has decoded. */
  segment(d: PacketDecoder, flow: number, side: number, time: number): void {
    const x = flow * 2 + side;
    const c = this.c;
    let sequence = d.sequence;
    if ((d.flags & TcpFlag.syn) !== 0) {
      this.synchronise(x, sequence);
      sequence = (sequence + 1) >>> 0;
    }
    if ((d.flags & TcpFlag.ack) !== 0) {
      this.acknowledge(x, d.acknowledgement);
      this.noteInOrder(x, sequence, d.acknowledgement);
    }
    const length = d.payloadWireLength;
    if (length > 0) {
      if ((c.sideFlags[x]! & SideFlag.started) === 0) this.join(x, sequence);
      this.payload(d, flow, side, sequence, time);
    }
    if ((d.flags & TcpFlag.rst) !== 0) {
      this.finish(flow, time);
      return;
    }
    if ((d.flags & TcpFlag.fin) !== 0) this.fin(x, (sequence + length) >>> 0);
    if (this.held.size > 0) {
      this.checkHoles(flow, time);
      if ((d.flags & TcpFlag.ack) !== 0) this.noteInOrder(x, sequence, d.acknowledgement);
    }
    this.closeAtFin(flow, side, time);
  }

  /** Hands on what is held of a flow, holes reported as gaps, and closes both sides. */
  finish(flow: number, time: number): void {
    for (let side = 0; side <= 1; side++) {
      const x = flow * 2 + side;
      this.drain(flow, side, time, true);
      if ((this.c.sideFlags[x]! & SideFlag.closed) !== 0) continue;
      this.c.sideFlags[x]! |= SideFlag.closed;
      this.sink.closed(flow, side, time);
    }
  }

  /** Declares holes gaps that have waited too long, in every flow. */
  sweep(now: number): void {
    for (const [x, held] of this.held) {
      if (now - held.since < this.limits.wait) continue;
      this.drain(x >> 1, x & 1, now, true);
      this.closeAtFin(x >> 1, x & 1, now);
    }
  }

  private synchronise(x: number, sequence: number): void {
    const c = this.c;
    if ((c.sideFlags[x]! & SideFlag.started) !== 0) return;
    c.initial[x] = sequence;
    c.next[x] = (sequence + 1) >>> 0;
    c.sideFlags[x]! |= SideFlag.started | SideFlag.fromStart;
  }

  /** The capture began in the middle of the connection: the stream starts here. */
  private join(x: number, sequence: number): void {
    this.c.next[x] = sequence;
    this.c.sideFlags[x]! |= SideFlag.started;
  }

  private noteInOrder(x: number, sequence: number, acknowledgement: number): void {
    if (((sequence - this.c.next[x]!) | 0) <= 0) this.c.inOrder[x] = acknowledgement;
  }

  private acknowledge(x: number, acknowledgement: number): void {
    const c = this.c;
    const known = (c.sideFlags[x]! & SideFlag.acknowledges) !== 0;
    if (known && ((acknowledgement - c.acknowledged[x]!) | 0) <= 0) return;
    c.acknowledged[x] = acknowledgement;
    c.sideFlags[x]! |= SideFlag.acknowledges;
  }

  private payload(
    d: PacketDecoder,
    flow: number,
    side: number,
    sequence: number,
    time: number,
  ): void {
    const x = flow * 2 + side;
    const c = this.c;
    if ((c.sideFlags[x]! & SideFlag.closed) !== 0) return;
    const length = d.payloadWireLength;
    const early = (sequence - c.next[x]!) | 0;
    if (early > 0) {
      this.hold(d, flow, side, sequence, time);
      return;
    }
    const fresh = early + length;
    if (early < 0) {
      // One byte before the window is a keep-alive probe.
      if (early !== -1 || length !== 1) {
        this.retransmitted++;
      }
      if (fresh <= 0) return;
    }
    const start = d.payloadStart;
    this.pass(
      flow,
      side,
      d.bytes,
      start - early,
      start + d.payloadLength,
      fresh,
      d.acknowledgement,
      time,
    );
    if (this.held.size > 0) this.drain(flow, side, time, false);
  }

  /** @param length bytes on the wire from `start` on; more than captured means a cut frame */
  private pass(
    flow: number,
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
    length: number,
    acknowledgement: number,
    time: number,
  ): void {
    const x = flow * 2 + side;
    const sequence = this.c.next[x]!;
    const captured = Math.min(Math.max(0, end - start), length);
    this.c.next[x] = (sequence + length) >>> 0;
    if (captured > 0) {
      this.sink.data(flow, side, b, start, start + captured, sequence, acknowledgement, time);
    }
    if (captured < length) {
      this.gap(flow, side, length - captured, (sequence + captured) >>> 0, time);
    }
  }

  private gap(flow: number, side: number, length: number, sequence: number, time: number): void {
    this.gaps++;
    this.lostBytes += length;
    this.sink.gap(flow, side, length, sequence, time);
  }

  private hold(d: PacketDecoder, flow: number, side: number, sequence: number, time: number): void {
    const x = flow * 2 + side;
    let held = this.held.get(x);
    if (held === undefined) {
      held = { segments: [], bytes: 0, since: time };
      this.held.set(x, held);
    }
    this.outOfOrder++;
    const segments = held.segments;
    let at = segments.length;
    while (at > 0 && ((segments[at - 1]!.sequence - sequence) | 0) > 0) at--;
    const bytes = copyOf(d.bytes, d.payloadStart, d.payloadStart + d.payloadLength);
    segments.splice(at, 0, {
      sequence,
      bytes,
      wireLength: d.payloadWireLength,
      acknowledgement: d.acknowledgement,
      time,
    });
    held.bytes += bytes.length + SEGMENT;
    this.totalBytes += bytes.length + SEGMENT;
    const full =
      segments.length > this.limits.maxSegments ||
      held.bytes > this.limits.maxBytes ||
      this.totalBytes > this.limits.maxTotalBytes;
    if (full) this.drain(flow, side, time, true);
  }

  /** Hands on what has become due; with `force` everything, holes reported as gaps. */
  private drain(flow: number, side: number, time: number, force: boolean): void {
    const x = flow * 2 + side;
    const held = this.held.get(x);
    if (held === undefined) return;
    const segments = held.segments;
    let done = 0;
    for (; done < segments.length; done++) {
      const s = segments[done]!;
      const next = this.c.next[x]!;
      const early = (s.sequence - next) | 0;
      if (early > 0) {
        if (!force) break;
        this.c.next[x] = s.sequence;
        this.gap(flow, side, early, next, time);
      }
      this.c.inOrder[x] = s.acknowledgement;
      held.bytes -= s.bytes.length + SEGMENT;
      this.totalBytes -= s.bytes.length + SEGMENT;
      const overlap = early < 0 ? -early : 0;
      const fresh = s.wireLength - overlap;
      if (fresh <= 0) continue;
      this.pass(flow, side, s.bytes, overlap, s.bytes.length, fresh, s.acknowledgement, s.time);
    }
    segments.splice(0, done);
    const first = segments[0];
    if (first === undefined) this.held.delete(x);
    else held.since = first.time;
  }

  /** A hole that the other side has acknowledged will hardly be filled: it was not captured. */
  private checkHoles(flow: number, time: number): void {
    for (let side = 0; side <= 1; side++) {
      const x = flow * 2 + side;
      const held = this.held.get(x);
      if (held === undefined) continue;
      const wait = this.isAcknowledged(x, held) ? this.limits.acknowledgedWait : this.limits.wait;
      if (time - held.since < wait) continue;
      this.drain(flow, side, time, true);
      this.closeAtFin(flow, side, time);
    }
  }

  private isAcknowledged(x: number, held: Held): boolean {
    const other = x ^ 1;
    if ((this.c.sideFlags[other]! & SideFlag.acknowledges) === 0) return false;
    return ((this.c.acknowledged[other]! - held.segments[0]!.sequence) | 0) >= 0;
  }

  private fin(x: number, sequence: number): void {
    const c = this.c;
    if ((c.sideFlags[x]! & SideFlag.fin) !== 0) return;
    c.finSequence[x] = sequence;
    c.sideFlags[x]! |= SideFlag.fin;
    if ((c.sideFlags[x]! & SideFlag.started) === 0) this.join(x, sequence);
  }

  private closeAtFin(flow: number, side: number, time: number): void {
    const x = flow * 2 + side;
    const c = this.c;
    const flags = c.sideFlags[x]!;
    if ((flags & SideFlag.fin) === 0 || (flags & SideFlag.closed) !== 0) return;
    if (((c.finSequence[x]! - c.next[x]!) | 0) > 0) return;
    c.sideFlags[x]! |= SideFlag.closed;
    this.sink.closed(flow, side, time);
  }
}
