import { FlowFlag, KEY_WORDS, SideFlag } from './flow/columns.ts';
import { senderIsClient } from './flow/direction.ts';
import type { FlowSink } from './flow/record.ts';
import { FlowState, Silence } from './flow/state.ts';
import {
  defaultStreamLimits,
  type StreamLimits,
  type StreamSink,
  TcpStreams,
} from './flow/streams.ts';
import {
  defaultFlowLimits,
  type FlowEnd,
  FlowKind,
  type FlowLimits,
  FlowTable,
} from './flow/table.ts';
import { type FlowMeters, FlowTracker } from './flow/tracker.ts';
import { CaptureFlows } from './flow-host.ts';
import { Candidates } from './l7/candidates.ts';
import { type Candidate, L7Flow } from './l7/flow.ts';
import type { Protocol, Transport } from './l7/protocol.ts';
import type { Outcome } from './metrics/outcome.ts';
import { PacketDecoder, TCP, TcpFlag } from './packet/decode.ts';
import { defaultFragmentLimits, type FragmentLimits } from './packet/fragments.ts';
import { Verdict, verdicts } from './packet/verdict.ts';
import type { CapturedPacket } from './pcap/packet.ts';
import type { Ends, Vantage } from './session/conversation.ts';
import { defaultSessionLimits, type SessionLimits, SessionTable } from './session/pairing.ts';
import type { Session, SessionReason } from './session/session.ts';
import { count, type EngineStats, verdictDrops } from './stats.ts';

interface EngineLimits {
  readonly flows: FlowLimits;
  readonly streams: StreamLimits;
  readonly fragments: FragmentLimits;
  readonly sessions: SessionLimits;
}

/** What the engine holds at most where its owner does not say. */
export const defaultEngineLimits: EngineLimits = {
  flows: defaultFlowLimits,
  streams: defaultStreamLimits,
  fragments: defaultFragmentLimits,
  sessions: defaultSessionLimits,
};

/** What the engine of packets looks for and whom it tells; absent sinks cost nothing. */
export interface EngineOptions {
  /** Protocols that are looked for, in this order where ports do not say. */
  readonly protocols: readonly Protocol[];
  readonly limits?: EngineLimits;
  /** The same message on two interfaces is two sessions; false: interfaces are one. */
  readonly separateInterfaces?: boolean;
  /** Seed of the flow table's hash, against chosen collisions. */
  readonly hashSeed?: number;
  /** Goes into the ids of flows: what sees the packets. */
  readonly captureName?: string;
  /** Takes a record of each flow and minute, and one when it ends. */
  readonly flows?: FlowSink;
  /** Is told of each packet. */
  readonly meters?: FlowMeters;
  /** Takes each finished session for metrics and says what it came to. */
  readonly requests?: (session: Session) => Outcome;
  /**
   * Is called with the second since 1970 that the packets' time has come to, before packets of it.
   * @returns the second at which it wants to be called again
   */
  readonly onTime?: (second: number) => number;
  /** Where a flow is seen, for sources that can tell by its ends. */
  readonly vantageOf?: (ends: Ends) => Vantage | undefined;
}

/**
 * Takes a session as it is finished.
 * @param baseSeconds seconds since 1970 that the session's times are relative to
 */
export type EngineSink = (session: Session, baseSeconds: number) => void;

/** Times are clamped to 1970..2262, which 64 bits of nanoseconds can say. */
const MAX_SECONDS = 9_223_372_000;

/** Beyond this many nanoseconds from the base a new base is taken, to keep nanoseconds exact. */
const REBASE = 4e15;

/** Capture time between two looks for what is overdue, in nanoseconds. */
const SWEEP = 100e6;

const NO_CANDIDATES: readonly Candidate[] = [];

const CLOSE_REASON: Readonly<Record<FlowEnd, SessionReason>> = {
  idle: 'connection_closed',
  evicted: 'evicted',
  replaced: 'connection_closed',
  finished: 'capture_ended',
};

/**
 * From packets to sessions: decoding, flow table, TCP reassembly, protocols, pairing. It does no
 * I/O and has no clock: time is that of the packets, and of `advance()` where they pause.
 */
export class CaptureEngine implements StreamSink {
  private readonly sessions: SessionTable;
  private readonly flows: CaptureFlows;
  private readonly sink: EngineSink;
  private readonly decoder: PacketDecoder;
  private readonly table: FlowTable;
  private readonly streams: TcpStreams;
  private readonly tracker: FlowTracker;
  private readonly protocols: readonly Protocol[];
  private readonly candidates: Candidates;
  private readonly separateInterfaces: boolean;
  private readonly requests: ((session: Session) => Outcome) | undefined;
  private readonly verdictCounts = new Float64Array(verdicts.length);
  private readonly sessionCounts = new Map<string, number>();
  private packets = 0;
  private bytes = 0;
  /** Bytes on the wire of the packet at hand. */
  private frameBytes = 0;
  private flowsUnknown = 0;
  /** Latest time seen; never goes back. */
  private now = 0;
  private nextSweep = 0;
  private nextCall = Number.NEGATIVE_INFINITY;
  private readonly onTime: ((second: number) => number) | undefined;
  /** Why sessions of a connection that is being closed get no response any more. */
  private closeReason: SessionReason = 'connection_closed';

  constructor(options: EngineOptions, sink: EngineSink) {
    const limits = options.limits ?? defaultEngineLimits;
    this.sink = sink;
    this.protocols = options.protocols;
    this.candidates = new Candidates(options.protocols);
    this.separateInterfaces = options.separateInterfaces ?? true;
    this.decoder = new PacketDecoder(limits.fragments);
    this.table = new FlowTable(
      limits.flows,
      (flow, why) => this.flowEnded(flow, why),
      options.hashSeed ?? 0,
    );
    this.streams = new TcpStreams(this.table.columns, this, limits.streams);
    this.sessions = new SessionTable((s) => this.finished(s), limits.sessions);
    this.flows = new CaptureFlows(
      this.table,
      this.sessions,
      (flow) => this.tracker.turned(flow),
      options.captureName ?? '',
      options.vantageOf,
    );
    this.requests = options.requests;
    this.onTime = options.onTime;
    if (this.onTime === undefined) this.nextCall = Number.POSITIVE_INFINITY;
    this.tracker = new FlowTracker(
      this.flows,
      limits.flows.maxFlows,
      options.protocols.map((p) => p.name),
      options.flows,
      options.meters,
    );
  }

  /** Takes one packet; its bytes are not kept. */
  packet(p: CapturedPacket): void {
    const seconds = Math.min(Math.max(0, p.seconds), MAX_SECONDS);
    if (this.flows.baseSeconds < 0) this.flows.baseSeconds = seconds;
    let time = (seconds - this.flows.baseSeconds) * 1e9 + p.nanos;
    if (time > this.now) {
      this.now = time;
      if (time >= this.nextSweep) this.sweep();
      if (time > REBASE && this.table.count === 0) time = this.rebase(seconds, p.nanos);
    } else if (time < this.now - REBASE) {
      // Another, older capture: nothing that is held goes on in it.
      this.table.clear();
      time = this.rebase(seconds, p.nanos);
    }
    if (time >= this.nextCall) this.tellTime(time);
    this.packets++;
    this.bytes += p.wireLength;
    this.frameBytes = p.wireLength;
    const d = this.decoder;
    const verdict = d.decode(p, time);
    this.verdictCounts[verdict]!++;
    if (verdict > Verdict.udp) return;
    if (!this.separateInterfaces) d.interfaceId = 0;
    if (verdict === Verdict.tcp) this.tcp(time);
    else this.udp(time);
  }

  /** Lets time pass without packets. @param seconds, nanos time since 1970 */
  advance(seconds: number, nanos: number): void {
    if (this.flows.baseSeconds < 0) return;
    const time = (seconds - this.flows.baseSeconds) * 1e9 + nanos;
    if (time <= this.now) return;
    this.now = time;
    if (time >= this.nextCall) this.tellTime(time);
    this.sweep();
  }

  /** The capture is over: everything held is handed on, open sessions with their reason. */
  finish(): void {
    this.table.clear();
  }

  stats(): EngineStats {
    const drops = new Map(verdictDrops(this.verdictCounts));
    const expired = this.decoder.fragments.expired;
    if (expired > 0) count(drops, verdicts[Verdict.fragmentExpired], expired);
    for (const [name, n] of this.flows.drops) count(drops, name, n);
    for (const [name, n] of this.sessions.dropped) count(drops, name, n);
    return {
      packets: this.packets,
      bytes: this.bytes,
      flowsCreated: this.table.created,
      flowsActive: this.table.count,
      flowsEvicted: this.table.evicted,
      flowsUnknown: this.flowsUnknown,
      tcpRetransmitted: this.streams.retransmitted,
      tcpOutOfOrder: this.streams.outOfOrder,
      tcpGaps: this.streams.gaps,
      tcpLostBytes: this.streams.lostBytes,
      heldBytes: this.streams.heldBytes + this.decoder.fragments.bytes,
      sessionsOpen: this.sessions.openCount,
      sessions: Object.fromEntries(this.sessionCounts),
      drops: Object.fromEntries(drops),
    };
  }

  data(
    flow: number,
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    this.payload(flow, 'tcp', side, b, start, end, sequence, acknowledgement, time);
  }

  gap(flow: number, side: number, length: number, sequence: number, time: number): void {
    this.flows.l7[flow]?.gap(side, length, sequence, time);
  }

  closed(flow: number, side: number, time: number): void {
    const l7 = this.flows.l7[flow];
    if (l7 === undefined) return;
    l7.close(side, time);
    const other = this.table.columns.sideFlags[flow * 2 + 1 - side]!;
    if ((other & SideFlag.closed) !== 0) this.release(flow, this.closeReason);
  }

  private tcp(time: number): void {
    const d = this.decoder;
    const c = this.table.columns;
    const syn = (d.flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
    let flow = this.table.lookup(d, this.now);
    if (syn && !this.table.isNew && this.isReuse(flow)) {
      this.table.remove(flow, 'replaced');
      flow = this.table.lookup(d, this.now);
    }
    const side = this.table.side;
    if (this.table.isNew) this.begin(flow, side, time);
    if ((d.flags & TcpFlag.syn) !== 0 && (c.flags[flow]! & FlowFlag.sideCertain) === 0) {
      this.flows.settle(flow, syn ? side : 1 - side);
    }
    const silence = this.tracker.packet(d, flow, side, this.frameBytes, time);
    if ((c.flags[flow]! & FlowFlag.ignored) !== 0) this.noteEnd(flow, side);
    else this.streams.segment(d, flow, side, time);
    this.table.touch(flow, this.tcpKind(flow, silence), this.now);
  }

  private udp(time: number): void {
    const d = this.decoder;
    const flow = this.table.lookup(d, this.now);
    const side = this.table.side;
    if (this.table.isNew) this.begin(flow, side, time);
    this.tracker.packet(d, flow, side, this.frameBytes, time);
    this.table.touch(flow, FlowKind.udp, this.now);
    const start = d.payloadStart;
    if (d.payloadLength === 0) return;
    this.payload(flow, 'udp', side, d.bytes, start, start + d.payloadLength, 0, 0, time);
  }

  private payload(
    flow: number,
    transport: Transport,
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    const flags = this.table.columns.flags;
    if ((flags[flow]! & FlowFlag.ignored) !== 0) return;
    let l7 = this.flows.l7[flow];
    if (l7 === undefined) {
      l7 = new L7Flow(this.flows, flow);
      while (this.flows.l7.length <= flow) this.flows.l7.push(undefined);
      this.flows.l7[flow] = l7;
    }
    const candidates =
      l7.protocol === undefined ? this.candidatesOf(flow, transport) : NO_CANDIDATES;
    const on = l7.data(candidates, transport, side, b, start, end, sequence, acknowledgement, time);
    if (on) return;
    this.flowsUnknown++;
    this.flows.l7[flow] = undefined;
    flags[flow]! |= FlowFlag.ignored;
  }

  private candidatesOf(flow: number, transport: Transport): readonly Candidate[] {
    const ports = this.table.columns.key[flow * KEY_WORDS + 8]!;
    return this.candidates.of(ports >>> 16, ports & 0xffff, transport);
  }

  /** A flow begins; who is the client is a guess until a handshake or a message shows it. */
  private begin(flow: number, side: number, time: number): void {
    const d = this.decoder;
    const isAnswer = (d.flags & (TcpFlag.syn | TcpFlag.ack)) === (TcpFlag.syn | TcpFlag.ack);
    let sender = senderIsClient(d.sourcePort, d.destinationPort, this.candidates.servicePorts);
    if (d.protocol === TCP && (d.flags & TcpFlag.syn) !== 0) sender = !isAnswer;
    this.flows.setClient(flow, sender ? side : 1 - side);
    this.tracker.begin(flow, time);
  }

  /** Whether a SYN on a known flow opens another connection between the same ports. */
  private isReuse(flow: number): boolean {
    const c = this.table.columns;
    const x = flow * 2 + this.table.side;
    const flags = c.sideFlags[x]!;
    if ((flags & SideFlag.fromStart) !== 0) return c.initial[x] !== this.decoder.sequence;
    return (flags & SideFlag.started) !== 0 || this.tracker.hasSent(flow, this.table.side);
  }

  /** The end of a connection whose data is not looked at. */
  private noteEnd(flow: number, side: number): void {
    const { flags } = this.decoder;
    const c = this.table.columns;
    if ((flags & TcpFlag.fin) !== 0) c.sideFlags[flow * 2 + side]! |= SideFlag.closed;
    if ((flags & TcpFlag.rst) === 0) return;
    c.sideFlags[flow * 2]! |= SideFlag.closed;
    c.sideFlags[flow * 2 + 1]! |= SideFlag.closed;
  }

  /** How long a connection may be silent, which depends on its state and on what is awaited. */
  private tcpKind(flow: number, silence: Silence): FlowKind {
    if (silence === Silence.transient) {
      const open = this.flows.l7[flow]?.openCount ?? 0;
      return open > 0 && this.isOpen(flow) ? FlowKind.established : FlowKind.transient;
    }
    if (silence !== Silence.established) return silence;
    return this.tracker.isInUse(flow) ? FlowKind.established : FlowKind.transient;
  }

  /** Whether a side may still send. */
  private isOpen(flow: number): boolean {
    const c = this.table.columns;
    const both = c.sideFlags[flow * 2]! & c.sideFlags[flow * 2 + 1]!;
    return (both & SideFlag.closed) === 0 && this.tracker.stateOf(flow) !== FlowState.reset;
  }

  private flowEnded(flow: number, why: FlowEnd): void {
    this.closeReason = CLOSE_REASON[why];
    this.streams.finish(flow, this.now);
    this.release(flow, this.closeReason);
    this.closeReason = 'connection_closed';
    this.tracker.end(flow, why);
  }

  /** The application side of a flow is over. */
  private release(flow: number, reason: SessionReason): void {
    const l7 = this.flows.l7[flow];
    this.table.columns.flags[flow]! |= FlowFlag.ignored;
    if (l7 === undefined) return;
    this.flows.l7[flow] = undefined;
    // UDP has no end of its own.
    l7.close(0, this.now);
    l7.close(1, this.now);
    this.sessions.close(l7, reason);
  }

  /** Starts counting anew where nothing is held that refers to the old base. */
  private rebase(seconds: number, nanos: number): number {
    this.flows.baseSeconds = seconds;
    this.now = nanos;
    this.nextSweep = 0;
    this.tracker.rebased();
    if (this.onTime !== undefined) this.nextCall = Number.NEGATIVE_INFINITY;
    return nanos;
  }

  private tellTime(time: number): void {
    const second = this.flows.baseSeconds + Math.floor(time / 1e9);
    const next = this.onTime?.(second) ?? Number.POSITIVE_INFINITY;
    this.nextCall = (next - this.flows.baseSeconds) * 1e9;
  }

  private sweep(): void {
    this.nextSweep = this.now + SWEEP;
    this.streams.sweep(this.now);
    this.sessions.expire(this.now);
    this.table.expire(this.now);
    this.tracker.advance(this.now);
  }

  private finished(session: Session): void {
    count(this.sessionCounts, `${session.protocol.name}/${session.reason}`);
    this.sink(session, this.flows.baseSeconds);
    if (this.requests === undefined) return;
    const { failure } = this.requests(session);
    const { conversation, request, response } = session;
    if (!(conversation instanceof L7Flow) || request === undefined) return;
    const protocol = this.protocols.indexOf(session.protocol);
    this.tracker.session(conversation.flow, protocol, response !== undefined, failure !== '');
  }
}
