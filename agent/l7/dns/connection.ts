import { u16be } from '../../bytes.ts';
import type { Connection, Direction, MessageSink, Transport } from '../protocol.ts';
import type { DnsMessage, DnsParser } from './message.ts';

/** Answered transactions that are remembered, so that a response captured twice is one. */
const REMEMBERED = 4;
const DUPLICATE_WINDOW = 1e9;

/** Messages of one pair of ports, over UDP or TCP (RFC 7766: two bytes of length before each). */
export class DnsConnection implements Connection {
  private readonly sink: MessageSink;
  private readonly parser: DnsParser;
  private readonly datagrams: boolean;
  private readonly answered: DnsMessage[] = [];
  private readonly streams: [LengthStream, LengthStream] | undefined;

  /** @param parser shared by all connections */
  constructor(sink: MessageSink, parser: DnsParser, transport: Transport) {
    this.sink = sink;
    this.parser = parser;
    this.datagrams = transport === 'udp';
    this.streams = this.datagrams ? undefined : [new LengthStream(), new LengthStream()];
  }

  data(
    direction: Direction,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    if (this.streams === undefined) {
      this.message(direction, b, start, end, 0, 0, time, time, 0);
      return;
    }
    const stream = this.streams[direction];
    if (stream.lost) {
      if (!this.startsMessage(b, start, end)) return;
      stream.lost = false;
    }
    stream.data(b, start, end, sequence, acknowledgement, time, (bytes, from, to, last) =>
      this.message(
        direction,
        bytes,
        from,
        to,
        stream.sequence,
        stream.acknowledgement,
        stream.time,
        last,
        2,
      ),
    );
  }

  gap(direction: Direction): void {
    const stream = this.streams?.[direction];
    if (stream === undefined) return;
    stream.forget();
    stream.lost = true;
  }

  close(): void {
    this.answered.length = 0;
  }

  /** Whether a segment starts with a whole message, after bytes were lost. */
  private startsMessage(b: Uint8Array, start: number, end: number): boolean {
    if (end - start < 14) return false;
    const stop = start + 2 + u16be(b, start);
    return stop <= end && this.parser.parse(b, start + 2, stop, 0, 0, 0, true) !== undefined;
  }

  private message(
    direction: Direction,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    first: number,
    last: number,
    framing: number,
  ): void {
    const m = this.parser.parse(b, start, end, sequence, acknowledgement, first, false);
    if (m === undefined || m.isRequest !== (direction === 0)) {
      this.sink.drop('malformed');
      return;
    }
    m.length += framing;
    m.end = last;
    if (!m.isRequest && this.isDuplicate(m)) {
      this.sink.drop('duplicate_response');
      return;
    }
    this.sink.begin(m);
    this.sink.end(m);
  }

  private isDuplicate(m: DnsMessage): boolean {
    for (const old of this.answered) {
      if (old.key !== m.key || m.start - old.start > DUPLICATE_WINDOW) continue;
      if (old.matches(m)) return true;
    }
    if (!this.datagrams) return false;
    if (this.answered.length >= REMEMBERED) this.answered.shift();
    this.answered.push(m);
    return false;
  }
}

/** Cuts a TCP stream into messages by the length before each. */
class LengthStream {
  /** Of the message that is being gathered. */
  sequence = 0;
  acknowledgement = 0;
  time = 0;
  /** Bytes were lost: message boundaries are not known. */
  lost = false;
  private held: Uint8Array = new Uint8Array(0);
  private heldLength = 0;

  forget(): void {
    this.held = new Uint8Array(0);
    this.heldLength = 0;
  }

  data(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
    emit: (b: Uint8Array, start: number, end: number, last: number) => void,
  ): void {
    let at = start;
    while (at < end) {
      if (this.heldLength === 0) {
        this.sequence = (sequence + at - start) >>> 0;
        this.acknowledgement = acknowledgement;
        this.time = time;
        const stop = end - at >= 2 ? at + 2 + u16be(b, at) : Number.POSITIVE_INFINITY;
        if (stop <= end) {
          emit(b, at + 2, stop, time);
          at = stop;
          continue;
        }
      }
      at = this.gather(b, at, end);
      if (this.heldLength >= 2 && this.heldLength === 2 + u16be(this.held, 0)) {
        const whole = this.held;
        const length = this.heldLength;
        this.forget();
        emit(whole, 2, length, time);
      }
    }
  }

  /** Takes the rest of the length, or of the message: never more. */
  private gather(b: Uint8Array, start: number, end: number): number {
    const wanted = this.heldLength < 2 ? 2 : 2 + u16be(this.held, 0);
    const taken = Math.min(end - start, wanted - this.heldLength);
    const length = this.heldLength + taken;
    if (this.held.length < length) {
      const grown = new Uint8Array(Math.max(length, this.held.length * 2, 64));
      grown.set(this.held.subarray(0, this.heldLength));
      this.held = grown;
    }
    this.held.set(b.subarray(start, start + taken), this.heldLength);
    this.heldLength = length;
    return start + taken;
  }
}
