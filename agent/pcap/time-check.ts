import { type CapturedPacket, emptyPacket, type PacketSink } from './packet.ts';

/**
 * Nanoseconds that a packet may be later than all before it without another that confirms it: no
 * more than {@link BEHIND}, so that those that were written late still count as in order.
 */
const AHEAD = 10e9;

/** The same for earlier: several interfaces and processors do not write in order. */
const BEHIND = 10e9;

/** How far the first and the last packet may be from their only neighbour: a quiet network. */
const ALONE = 3600e9;

/** A packet that waits for the next one, with bytes of its own. */
class Kept {
  readonly packet: CapturedPacket = emptyPacket();
  full = false;

  keep(p: CapturedPacket): void {
    const room =
      this.packet.bytes.length >= p.length ? this.packet.bytes : new Uint8Array(p.length);
    room.set(p.bytes.subarray(p.start, p.start + p.length));
    Object.assign(this.packet, p, { bytes: room, start: 0 });
    this.full = true;
  }
}

/**
 * Takes out packets of capture files whose time is a lie, so that one wrong number does not end
 * what is open or shift all others. Packets come about in order: one that jumps forward or far back
 * is kept until the next one shows whether time has really moved there; if not, it is dropped. The
 * rest is handed on in the order in which it came.
 */
export class TimeCheck {
  /** Packets that were dropped. */
  dropped = 0;
  private readonly sink: PacketSink;
  /** Latest believed time. */
  private seconds = 0;
  private nanos = 0;
  private started = false;
  /** The first packet, until it is known whether its time is to be believed. */
  private readonly first = new Kept();
  /** A packet with a jump. */
  private readonly jumped = new Kept();

  constructor(sink: PacketSink) {
    this.sink = sink;
  }

  /** Takes the next packet; what the sink gets is valid during that call only. */
  readonly take: PacketSink = (p) => {
    if (!this.started) {
      this.started = true;
      this.believe(p);
      this.first.keep(p);
      return;
    }
    const by = this.since(p);
    if (by > AHEAD || by < -BEHIND) {
      this.jump(p, by);
      return;
    }
    if (this.first.full) this.release(this.first);
    if (this.jumped.full) this.drop(this.jumped);
    if (by > 0) this.believe(p);
    this.sink(p);
  };

  /** There are no more packets: hands on what is kept, unless it is far from all others. */
  end(): void {
    const { first, jumped } = this;
    // Of two packets nobody can say which one lies, and there is nothing else to harm.
    if (jumped.full && !first.full && Math.abs(this.since(jumped.packet)) > ALONE) {
      this.drop(jumped);
    }
    this.release(first);
    this.release(jumped);
  }

  /** @param by nanoseconds from the latest believed time */
  private jump(p: CapturedPacket, by: number): void {
    const { first, jumped } = this;
    if (jumped.full) {
      const before = this.since(jumped.packet);
      const confirmed = by > 0 === before > 0 && by >= before - BEHIND;
      if (confirmed) {
        if (first.full && (before < 0 || before > ALONE)) this.drop(first);
        this.believe(jumped.packet);
      }
      this.release(first);
      if (confirmed) {
        this.release(jumped);
        this.take(p);
        return;
      }
      this.drop(jumped);
    }
    jumped.keep(p);
  }

  private since(p: CapturedPacket): number {
    return (p.seconds - this.seconds) * 1e9 + (p.nanos - this.nanos);
  }

  private believe(p: CapturedPacket): void {
    this.seconds = p.seconds;
    this.nanos = p.nanos;
  }

  private release(kept: Kept): void {
    if (!kept.full) return;
    kept.full = false;
    this.sink(kept.packet);
  }

  private drop(kept: Kept): void {
    kept.full = false;
    this.dropped++;
  }
}
