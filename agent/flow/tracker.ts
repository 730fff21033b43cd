import { type PacketDecoder, TCP } from '../packet/decode.ts';
import type { Ends } from '../session/conversation.ts';
import {
  FlowCounters,
  FlowFloat,
  FlowWord,
  Peer,
  SideFloat,
  SideWord,
  StateBit,
} from './counters.ts';
import { type Delay, FlowPerf, type PerfEvent, type PerfListener } from './perf.ts';
import {
  type DelayStats,
  emptyRecord,
  type FlowRecord,
  type FlowSink,
  type SideRecord,
} from './record.ts';
import {
  type CloseType,
  closeTypeOf,
  FlowState,
  Silence,
  StateTable,
  silenceOf,
  stateOf,
} from './state.ts';
import type { FlowEnd } from './table.ts';

/** What is told of flows as it happens, by series: see `seriesOf`. */
export interface FlowMeters {
  /** The series that a flow counts for; it stays valid until `left`. */
  entered(ends: Ends, fresh: boolean): number;
  left(series: number): void;
  packet(series: number, fromClient: boolean, bytes: number, payload: number): void;
  event(series: number, event: PerfEvent, fromClient: boolean): void;
  delay(series: number, delay: Delay, nanos: number): void;
  closed(series: number, type: CloseType): void;
}

/** What the tracker asks of the engine that has the flows. */
export interface TrackerHost {
  readonly baseSeconds: number;
  ends(flow: number): Ends;
  clientSide(flow: number): number;
  isTcp(flow: number): boolean;
  /** Application protocol of a flow; '' = not known. */
  protocolOf(flow: number): string;
  /** Whether a number is that of a flow in the table. */
  isActive(flow: number): boolean;
}

/** Flow numbers looked at in one go when a minute has ended. */
const SLICE = 8192;

const STATE_MASK = 31;

/**
 * Follows flows packet by packet: state, performance, counts; hands out a record for each flow and
 * minute with packets, and one when it ends. Minutes are those of the clock. A flow's record comes
 * with its first packet of the next minute, or as the minute's flows are gone through in slices.
 */
export class FlowTracker implements PerfListener {
  private readonly host: TrackerHost;
  private readonly counters = new FlowCounters();
  private readonly perf: FlowPerf;
  private readonly states = new StateTable();
  private readonly sink: FlowSink | undefined;
  private readonly meters: FlowMeters | undefined;
  private readonly most: number;
  private readonly record: FlowRecord = emptyRecord();
  private readonly measures: boolean;
  private readonly protocols: readonly string[];
  /** Number of the minute since 1970, and when the next begins, in nanoseconds from the base. */
  private minute = -1;
  private nextMinute = Number.NEGATIVE_INFINITY;
  private cursor = Number.POSITIVE_INFINITY;
  private highest = 0;

  /** @param most flows that can be there at once */
  constructor(
    host: TrackerHost,
    most: number,
    protocols: readonly string[],
    sink: FlowSink | undefined,
    meters: FlowMeters | undefined,
  ) {
    this.host = host;
    this.most = most;
    this.protocols = protocols;
    this.sink = sink;
    this.meters = meters;
    this.measures = sink !== undefined || meters !== undefined;
    this.perf = new FlowPerf(this.counters, meters === undefined ? undefined : this);
  }

  begin(flow: number, time: number): void {
    if (time >= this.nextMinute) this.turn(time);
    this.counters.begin(flow, time, Math.max(0, this.minute), this.most);
    if (flow >= this.highest) this.highest = flow + 1;
    if (this.meters === undefined) return;
    const series = this.meters.entered(this.host.ends(flow), true);
    this.counters.words[this.counters.flowWords(flow) + FlowWord.series] = series;
  }

  /** The client turned out to be the other side. */
  turned(flow: number): void {
    if (this.meters === undefined) return;
    const w = this.counters.flowWords(flow) + FlowWord.series;
    this.meters.left(this.counters.words[w]!);
    this.counters.words[w] = this.meters.entered(this.host.ends(flow), false);
  }

  /**
   * Takes the packet that `d` has decoded.
   * @param bytes of its frame on the wire
   * @returns how long the flow may be silent from now on
   */
  packet(d: PacketDecoder, flow: number, side: number, bytes: number, time: number): Silence {
    const { counters } = this;
    if (time >= this.nextMinute) this.turn(time);
    const fw = counters.flowWords(flow);
    if (this.measures && counters.words[fw + FlowWord.minute] !== this.minute) this.roll(flow);
    const { floats, words } = counters;
    const f = counters.side(flow, side);
    const w = counters.sideWords(flow, side);
    const fromClient = side === this.host.clientSide(flow);
    words[w + SideWord.packets]!++;
    words[w + SideWord.total]!++;
    floats[f + SideFloat.bytes]! += bytes;
    floats[f + SideFloat.payload]! += d.payloadWireLength;
    const whole = counters.flow(flow);
    if (Number.isNaN(floats[whole + FlowFloat.from]!)) floats[whole + FlowFloat.from] = time;
    if (time > floats[whole + FlowFloat.until]!) floats[whole + FlowFloat.until] = time;
    this.meters?.packet(words[fw + FlowWord.series]!, fromClient, bytes, d.payloadWireLength);
    if (d.protocol !== TCP) {
      if (this.measures && d.payloadWireLength > 0) this.perf.udp(flow, side, fromClient, time);
      return Silence.established;
    }
    if (this.measures) this.perf.tcp(d, flow, side, fromClient, time);
    const data = d.payloadWireLength > 0 ? Peer.hasData : 0;
    words[w + SideWord.flags]! |= ((d.flags & 0x3f) << Peer.sentShift) | data;
    return this.step(flow, fromClient, d.flags);
  }

  private step(flow: number, fromClient: boolean, flags: number): Silence {
    const { words } = this.counters;
    const w = this.counters.flowWords(flow) + FlowWord.state;
    const packed = words[w]!;
    const next = this.states.step(packed & STATE_MASK, !fromClient, flags);
    words[w] = (packed & ~STATE_MASK) | stateOf(next);
    return silenceOf(next);
  }

  /** Whether a side has sent a packet. */
  hasSent(flow: number, side: number): boolean {
    return this.counters.words[this.counters.sideWords(flow, side) + SideWord.total]! > 0;
  }

  /** Whether a TCP flow carries payload, or both sides take part in it. */
  isInUse(flow: number): boolean {
    const { words } = this.counters;
    const a = this.counters.sideWords(flow, 0);
    const b = this.counters.sideWords(flow, 1);
    if (words[a + SideWord.total]! > 0 && words[b + SideWord.total]! > 0) return true;
    return ((words[a + SideWord.flags]! | words[b + SideWord.flags]!) & Peer.hasData) !== 0;
  }

  /** State of a TCP flow. */
  stateOf(flow: number): FlowState {
    const w = this.counters.flowWords(flow) + FlowWord.state;
    return (this.counters.words[w]! & STATE_MASK) as FlowState;
  }

  /** A session of a flow is over. */
  session(flow: number, protocol: number, responded: boolean, failed: boolean): void {
    const { words } = this.counters;
    const w = this.counters.flowWords(flow);
    words[w + FlowWord.requests]!++;
    if (responded) words[w + FlowWord.responses]!++;
    if (failed) words[w + FlowWord.errors]!++;
    words[w + FlowWord.protocol] = protocol + 1;
  }

  /** A flow leaves the table. */
  end(flow: number, why: FlowEnd): void {
    this.perf.end(flow);
    if (!this.measures) return;
    const { counters } = this;
    const type = this.closeType(flow, why);
    const series = counters.words[counters.flowWords(flow) + FlowWord.series]!;
    this.meters?.closed(series, type);
    this.meters?.left(series);
    this.emit(flow, true, type);
  }

  /** Time has come to `time`: records of the minute that has ended are handed out, a part a call. */
  advance(time: number): void {
    if (!this.measures) return;
    if (time >= this.nextMinute) this.turn(time);
    const end = Math.min(this.cursor + SLICE, this.highest);
    for (; this.cursor < end; this.cursor++) {
      const flow = this.cursor;
      if (!this.host.isActive(flow)) continue;
      const w = this.counters.flowWords(flow) + FlowWord.minute;
      if (this.counters.words[w] !== this.minute) this.roll(flow);
    }
  }

  /** The base of times has changed; there are no flows. */
  rebased(): void {
    this.nextMinute = Number.NEGATIVE_INFINITY;
  }

  event(flow: number, event: PerfEvent, fromClient: boolean): void {
    const w = this.counters.flowWords(flow) + FlowWord.series;
    this.meters?.event(this.counters.words[w]!, event, fromClient);
  }

  delay(flow: number, delay: Delay, nanos: number): void {
    const w = this.counters.flowWords(flow) + FlowWord.series;
    this.meters?.delay(this.counters.words[w]!, delay, nanos);
  }

  private turn(time: number): void {
    const { baseSeconds } = this.host;
    this.minute = Math.floor((baseSeconds + Math.floor(time / 1e9)) / 60);
    this.nextMinute = ((this.minute + 1) * 60 - baseSeconds) * 1e9;
    this.cursor = 0;
  }

  /** A flow's minute is over. */
  private roll(flow: number): void {
    const { counters } = this;
    const from = counters.floats[counters.flow(flow) + FlowFloat.from]!;
    if (!Number.isNaN(from)) this.emit(flow, false, 5);
    counters.restart(flow, this.minute);
  }

  private closeType(flow: number, why: FlowEnd): CloseType {
    const host = this.host;
    const { words } = this.counters;
    const w = this.counters.flowWords(flow);
    const cut = why === 'finished' || why === 'evicted';
    const client = this.counters.sideWords(flow, host.clientSide(flow));
    const server = this.counters.sideWords(flow, 1 - host.clientSide(flow));
    if (!host.isTcp(flow)) return cut ? 5 : 1;
    const state = this.stateOf(flow);
    if (cut && state === FlowState.established) return 5;
    return closeTypeOf({
      state,
      clientFlags: words[client + SideWord.flags]! >>> Peer.sentShift,
      serverFlags: words[server + SideWord.flags]! >>> Peer.sentShift,
      serverPackets: words[server + SideWord.total]!,
      answered: words[w + FlowWord.responses]! > 0 && words[w + FlowWord.errors] === 0,
    });
  }

  private emit(flow: number, closed: boolean, type: CloseType): void {
    if (this.sink === undefined) return;
    const { counters, record: r, host } = this;
    const { floats, words } = counters;
    const fw = counters.flowWords(flow);
    const ff = counters.flow(flow);
    const client = host.clientSide(flow);
    r.ends = host.ends(flow);
    r.baseSeconds = host.baseSeconds;
    r.until = floats[ff + FlowFloat.until]!;
    const from = floats[ff + FlowFloat.from]!;
    r.from = Number.isNaN(from) ? r.until : from;
    r.isNew = (words[fw + FlowWord.state]! & StateBit.fresh) !== 0;
    r.closed = closed;
    r.closeType = type;
    const protocol = words[fw + FlowWord.protocol]!;
    r.protocol = protocol > 0 ? this.protocols[protocol - 1]! : host.protocolOf(flow);
    r.requests = words[fw + FlowWord.requests]!;
    r.responses = words[fw + FlowWord.responses]!;
    r.errors = words[fw + FlowWord.errors]!;
    this.fillSide(r.client, flow, client);
    this.fillSide(r.server, flow, 1 - client);
    this.fillHandshake(r, flow);
    r.rtt = floats[ff + FlowFloat.fullRtt]!;
    this.fillDelay(r.clientRtt, flow, client, 0);
    this.fillDelay(r.serverRtt, flow, 1 - client, 0);
    this.fillDelay(r.srt, flow, 1 - client, 1);
    this.fillDelay(r.art, flow, 1 - client, 2);
    r.cit.count = words[fw + FlowWord.citCount]!;
    r.cit.sum = floats[ff + FlowFloat.citSum]!;
    r.cit.maxMicros = words[fw + FlowWord.citMax]!;
    this.sink(r);
  }

  private fillSide(to: SideRecord, flow: number, side: number): void {
    const { floats, words } = this.counters;
    const f = this.counters.side(flow, side);
    const w = this.counters.sideWords(flow, side);
    to.packets = words[w + SideWord.packets]!;
    to.bytes = floats[f + SideFloat.bytes]!;
    to.payload = floats[f + SideFloat.payload]!;
    to.retransmitted = words[w + SideWord.retransmitted]!;
    to.outOfOrder = words[w + SideWord.outOfOrder]!;
    to.zeroWindows = words[w + SideWord.zeroWindows]!;
    to.fin = words[w + SideWord.fin]!;
  }

  private fillHandshake(r: FlowRecord, flow: number): void {
    const { words } = this.counters;
    const a = this.counters.sideWords(flow, 0);
    const b = this.counters.sideWords(flow, 1);
    const both = (word: number): number => words[a + word]! + words[b + word]!;
    r.syn = both(SideWord.syn);
    r.synAck = both(SideWord.synAck);
    r.synRetransmitted = both(SideWord.synRetransmitted);
    r.synAckRetransmitted = both(SideWord.synAckRetransmitted);
  }

  /** @param which 0: RTT, 1: SRT, 2: ART */
  private fillDelay(to: DelayStats, flow: number, side: number, which: number): void {
    const { floats, words } = this.counters;
    const w = this.counters.sideWords(flow, side);
    to.count = words[w + SideWord.rttCount + which]!;
    to.sum = floats[this.counters.side(flow, side) + SideFloat.rttSum + which]!;
    to.maxMicros = words[w + SideWord.rttMax + which]!;
  }
}
