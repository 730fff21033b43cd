import { type PacketDecoder, TcpFlag } from '../packet/decode.ts';
import {
  type FlowCounters,
  FlowFloat,
  FlowWord,
  Peer,
  SideFloat,
  SideWord,
  StateBit,
} from './counters.ts';
import { Arrival, SegmentRanges } from './segments.ts';

/** Longer delays, in nanoseconds, are not delays of the network or the server: not counted. */
const RTT_MOST = 30e9;
const SRT_MOST = 10e9;
const ART_MOST = 30e9;

/** What is measured besides counting; each has a sum, a count and a maximum. */
export const Delay = { rtt: 0, clientRtt: 1, serverRtt: 2, srt: 3, art: 4, cit: 5 } as const;
/**
 * By number: round trips, the server's and the application's response, the client's idle time; ns.
 */
export type Delay = (typeof Delay)[keyof typeof Delay];

/** What happened at a packet. */
export const PerfEvent = {
  retransmitted: 0,
  outOfOrder: 1,
  zeroWindow: 2,
  syn: 3,
  synAck: 4,
  synRetransmitted: 5,
  synAckRetransmitted: 6,
} as const;
/** An event by its number. */
export type PerfEvent = (typeof PerfEvent)[keyof typeof PerfEvent];

/** Hears of what is counted, as it is counted. */
export interface PerfListener {
  /** @param fromClient who sent the packet */
  event(flow: number, event: PerfEvent, fromClient: boolean): void;
  delay(flow: number, delay: Delay, nanos: number): void;
}

const { syn: SYN, ack: ACK, rst: RST, fin: FIN } = TcpFlag;
const POSSIBLE = Peer.srtPossible | Peer.artPossible | Peer.fullRttPossible;

/**
 * How well TCP connections and UDP exchanges do, from their packets:
 *
 * - server RTT: from the first SYN to the SYN-ACK; client RTT: from the first SYN-ACK to the ACK;
 *   RTT: from the SYN to the ACK that ends the handshake, if the SYN came before the SYN-ACK
 * - SRT: from data to its pure ACK; ART: from the last packet of data to the first of the answer;
 *   CIT: from the last packet of the server, or the handshake, to the client's next data
 * - retransmissions, segments out of order, zero windows
 */
export class FlowPerf {
  private readonly c: FlowCounters;
  private readonly listener: PerfListener | undefined;
  private readonly ranges = new SegmentRanges();
  /* The packet at hand: its flow, and the first slots and words of its sender and of the other. */
  private flow = 0;
  private fromClient = true;
  private sameF = 0;
  private sameW = 0;
  private otherF = 0;
  private otherW = 0;

  constructor(counters: FlowCounters, listener?: PerfListener) {
    this.c = counters;
    this.listener = listener;
  }

  /** Forgets what is kept of a flow outside its counters. */
  end(flow: number): void {
    this.ranges.forget(flow * 2);
    this.ranges.forget(flow * 2 + 1);
  }

  tcp(d: PacketDecoder, flow: number, side: number, fromClient: boolean, time: number): void {
    const { floats, words } = this.c;
    this.select(flow, side, fromClient);
    const { sameF, sameW, otherF } = this;
    const flags = d.flags & 0x3f;
    if (time < floats[sameF + SideFloat.last]! || time < floats[otherF + SideFloat.last]!) {
      this.late(d, flow * 2 + side, flags);
      return;
    }
    if (d.window === 0 && (flags & RST) === 0) {
      words[sameW + SideWord.zeroWindows]!++;
      this.tell(PerfEvent.zeroWindow);
    }
    if ((flags & RST) !== 0 || isAbnormal(flags)) {
      this.drop(POSSIBLE);
      return;
    }
    const length = d.payloadWireLength;
    const pureAck = flags === ACK && length === 0;
    if ((flags & SYN) !== 0) this.syn(d, (flags & ACK) !== 0, time);
    else if (length > 0) this.arrival(d, flow * 2 + side, length);
    if ((flags & FIN) !== 0) words[sameW + SideWord.fin]!++;
    const state = this.c.flowWords(flow) + FlowWord.state;
    let ended = false;
    if ((words[state]! & StateBit.handshaking) !== 0) {
      const answered = this.handshake(d, pureAck, time);
      if (pureAck && fromClient) {
        ended = answered;
        words[state]! &= ~StateBit.handshaking;
      }
    }
    if (pureAck) this.acknowledged(d, time);
    else if (length > 0) this.data(d, length, time);
    floats[sameF + SideFloat.last] = time;
    words[sameW + SideWord.sequence] = d.sequence;
    words[sameW + SideWord.length] = (flags & SYN) !== 0 ? 1 : length;
    const w = sameW + SideWord.flags;
    words[w] =
      ((words[w]! & ~Peer.handshakeAck) | Peer.seen | (ended ? Peer.handshakeAck : 0)) >>> 0;
  }

  /**
   * A packet stamped before the one that was seen last: two processors stamp before they queue for
   * the ring. It counts, and no delay is measured by it.
   */
  private late(d: PacketDecoder, x: number, flags: number): void {
    const { words } = this.c;
    this.drop(POSSIBLE);
    if ((flags & (RST | SYN)) !== 0 || isAbnormal(flags)) return;
    if (d.payloadWireLength > 0) this.arrival(d, x, d.payloadWireLength);
    if ((flags & FIN) !== 0) words[this.sameW + SideWord.fin]!++;
    if (d.window === 0) {
      words[this.sameW + SideWord.zeroWindows]!++;
      this.tell(PerfEvent.zeroWindow);
    }
  }

  /** Datagrams: the time from the last of the client to the first of the server's answer. */
  udp(flow: number, side: number, fromClient: boolean, time: number): void {
    const { floats, words } = this.c;
    this.select(flow, side, fromClient);
    if (fromClient) {
      floats[this.sameF + SideFloat.last] = time;
      words[this.otherW + SideWord.flags]! |= Peer.artPossible;
      return;
    }
    const w = this.sameW + SideWord.flags;
    if ((words[w]! & Peer.artPossible) === 0) return;
    words[w]! &= ~Peer.artPossible;
    const art = time - floats[this.otherF + SideFloat.last]!;
    if (art >= 0 && art <= ART_MOST) this.measured(SideFloat.artSum, Delay.art, art);
  }

  private select(flow: number, side: number, fromClient: boolean): void {
    this.flow = flow;
    this.fromClient = fromClient;
    this.sameF = this.c.side(flow, side);
    this.sameW = this.c.sideWords(flow, side);
    this.otherF = this.c.side(flow, 1 - side);
    this.otherW = this.c.sideWords(flow, 1 - side);
  }

  private syn(d: PacketDecoder, isAnswer: boolean, time: number): void {
    const { floats, words } = this.c;
    const { sameF, sameW, otherW } = this;
    const flags = words[sameW + SideWord.flags]!;
    words[sameW + (isAnswer ? SideWord.synAck : SideWord.syn)]!++;
    this.tell(isAnswer ? PerfEvent.synAck : PerfEvent.syn);
    if ((flags & Peer.synSeen) !== 0) {
      words[sameW + SideWord.retransmitted]!++;
      words[sameW + (isAnswer ? SideWord.synAckRetransmitted : SideWord.synRetransmitted)]!++;
      this.tell(PerfEvent.retransmitted);
      this.tell(isAnswer ? PerfEvent.synAckRetransmitted : PerfEvent.synRetransmitted);
      return;
    }
    words[sameW + SideWord.flags]! |= Peer.synSeen | Peer.thresholdKnown;
    words[sameW + SideWord.threshold] = d.sequence + 1;
    floats[sameF + SideFloat.handshake] = time;
    if (!isAnswer) {
      words[this.c.flowWords(this.flow) + FlowWord.state]! |= StateBit.handshaking;
    } else if ((words[otherW + SideWord.flags]! & Peer.thresholdKnown) === 0) {
      words[otherW + SideWord.flags]! |= Peer.thresholdKnown;
      words[otherW + SideWord.threshold] = d.acknowledgement;
    } else words[otherW + SideWord.flags]! |= Peer.fullRttPossible;
  }

  private arrival(d: PacketDecoder, x: number, length: number): void {
    const { words } = this.c;
    const { ranges, sameW } = this;
    ranges.top = words[sameW + SideWord.rangeStart]!;
    ranges.length = words[sameW + SideWord.rangeLength]!;
    const arrival = ranges.add(x, d.sequence, length);
    words[sameW + SideWord.rangeStart] = ranges.top;
    words[sameW + SideWord.rangeLength] = ranges.length;
    if (arrival === Arrival.retransmitted) {
      words[sameW + SideWord.retransmitted]!++;
      this.tell(PerfEvent.retransmitted);
    } else if (arrival === Arrival.outOfOrder) {
      words[sameW + SideWord.outOfOrder]!++;
      this.tell(PerfEvent.outOfOrder);
    } else if (arrival === Arrival.overlapping) {
      this.drop(Peer.srtPossible | Peer.artPossible);
    }
  }

  /** @returns whether the packet is the ACK of a SYN-ACK */
  private handshake(d: PacketDecoder, pureAck: boolean, time: number): boolean {
    const { floats, words } = this.c;
    const { sameF, sameW, otherF, otherW } = this;
    const isSyn = (d.flags & SYN) !== 0;
    const isSynAck = isSyn && (d.flags & ACK) !== 0;
    const w = sameW + SideWord.flags;
    const known = (words[otherW + SideWord.flags]! & Peer.thresholdKnown) !== 0;
    const ends = pureAck && known && d.acknowledgement === words[otherW + SideWord.threshold];
    if ((words[w]! & Peer.rttPossible) !== 0 && (isSynAck || ends) && this.answersLast(d)) {
      words[w]! &= ~Peer.rttPossible;
      const rtt = time - floats[otherF + SideFloat.handshake]!;
      const delay = this.fromClient ? Delay.clientRtt : Delay.serverRtt;
      if (rtt <= RTT_MOST) this.measured(SideFloat.rttSum, delay, rtt);
    }
    if (ends && (words[w]! & Peer.fullRttPossible) !== 0) {
      words[w]! &= ~Peer.fullRttPossible;
      const rtt = time - floats[sameF + SideFloat.handshake]!;
      if (rtt <= RTT_MOST) {
        floats[this.c.flow(this.flow) + FlowFloat.fullRtt] = rtt;
        this.listener?.delay(this.flow, Delay.rtt, rtt);
      }
    }
    if (isSyn) words[otherW + SideWord.flags]! |= Peer.rttPossible;
    return ends;
  }

  /** Whether a packet acknowledges exactly all that the other side has sent. */
  private answersLast(d: PacketDecoder): boolean {
    const { words } = this.c;
    const w = this.otherW;
    const end = words[w + SideWord.sequence]! + words[w + SideWord.length]!;
    return (words[w + SideWord.flags]! & Peer.seen) !== 0 && d.acknowledgement === end >>> 0;
  }

  private acknowledged(d: PacketDecoder, time: number): void {
    const { floats, words } = this.c;
    const w = this.sameW + SideWord.flags;
    if ((words[w]! & Peer.srtPossible) !== 0) {
      words[w]! &= ~Peer.srtPossible;
      const srt = time - floats[this.otherF + SideFloat.last]!;
      if (srt <= SRT_MOST && this.answersLast(d)) this.measured(SideFloat.srtSum, Delay.srt, srt);
    }
    words[this.otherW + SideWord.flags]! &= ~Peer.artPossible;
  }

  private data(d: PacketDecoder, length: number, time: number): void {
    const { floats, words } = this.c;
    const { sameF, sameW, otherF, otherW } = this;
    const w = sameW + SideWord.flags;
    const last = words[sameW + SideWord.sequence]! + words[sameW + SideWord.length]!;
    if ((words[w]! & Peer.artPossible) !== 0 && d.sequence === last >>> 0) {
      const art = time - floats[otherF + SideFloat.last]!;
      if (art <= ART_MOST) this.measured(SideFloat.artSum, Delay.art, art);
    }
    if (this.fromClient && length > 1) {
      const client = floats[sameF + SideFloat.last]!;
      const server = floats[otherF + SideFloat.last]!;
      if ((words[w]! & Peer.handshakeAck) !== 0) this.idle(time - Math.max(client, server));
      else if (
        words[otherW + SideWord.length]! > 1 &&
        (words[sameW + SideWord.length]! <= 1 || server > client)
      ) {
        this.idle(time - server);
      }
    }
    words[w]! &= ~(Peer.artPossible | Peer.srtPossible);
    words[otherW + SideWord.flags]! |= Peer.artPossible | Peer.srtPossible;
  }

  private idle(cit: number): void {
    const { floats, words } = this.c;
    floats[this.c.flow(this.flow) + FlowFloat.citSum]! += cit;
    const w = this.c.flowWords(this.flow);
    words[w + FlowWord.citCount]!++;
    const micros = Math.floor(cit / 1000);
    if (micros > words[w + FlowWord.citMax]!) words[w + FlowWord.citMax] = micros;
    this.listener?.delay(this.flow, Delay.cit, cit);
  }

  /** Adds a delay of the sender's side; those that describe the server alone are told on. */
  private measured(sum: number, delay: Delay, nanos: number): void {
    const { floats, words } = this.c;
    floats[this.sameF + sum]! += nanos;
    const index = sum - SideFloat.rttSum;
    words[this.sameW + SideWord.rttCount + index]!++;
    const max = this.sameW + SideWord.rttMax + index;
    const micros = Math.floor(nanos / 1000);
    if (micros > words[max]!) words[max] = micros;
    if (this.listener === undefined) return;
    if ((delay === Delay.srt || delay === Delay.art) && this.fromClient) return;
    this.listener.delay(this.flow, delay, nanos);
  }

  private drop(possible: number): void {
    const { words } = this.c;
    words[this.sameW + SideWord.flags]! &= ~possible;
    words[this.otherW + SideWord.flags]! &= ~possible;
  }

  private tell(event: PerfEvent): void {
    this.listener?.event(this.flow, event, this.fromClient);
  }
}

/** Flags without RST that no proper packet has: every one but a SYN has ACK. */
function isAbnormal(flags: number): boolean {
  return (flags & ACK) === 0 && flags !== SYN;
}
