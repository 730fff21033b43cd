import type { ExchangesAddon } from '../../native/exchanges.ts';
import { Control, Row, RowKind } from '../../native/exchanges.ts';
import { Candidates } from '../l7/candidates.ts';
import { type Candidate, L7Flow } from '../l7/flow.ts';
import { MessageHeads } from '../l7/heads.ts';
import type { Origin } from '../l7/origin.ts';
import type { DropReason, Protocol, Transport } from '../l7/protocol.ts';
import { defaultSessionLimits, type SessionLimits, SessionTable } from '../session/pairing.ts';
import type { Session } from '../session/session.ts';
import { Hash64 } from '../spans/hash.ts';
import type { SpanWriter } from '../spans/writer.ts';
import { count } from '../stats.ts';
import type { ProcessNames } from '../tags/types.ts';
import { agree, Chains } from './chains.ts';
import { RULES, type Shared, SocketFlow } from './flow.ts';
import { PlainExchanges, type PlainHost } from './plain.ts';
import { Flag, Kind, RecordReader } from './records.ts';
import { type SocketLimits, SocketTable } from './sockets.ts';

/** Limits of the engine's tables; sockets and waiting requests beyond them push out older ones. */
export interface SyscallLimits extends SocketLimits {
  readonly sessions: SessionLimits;
}

/** 65,536 sockets; silent datagram ones for 60 s, connections for an hour. */
export const defaultSyscallLimits: SyscallLimits = {
  sockets: 1 << 16,
  idleDatagrams: 60e9,
  idleConnections: 3600e9,
  sessions: defaultSessionLimits,
};

/** Told of the life of processes and of their connections. */
export type ProcessSink = Pick<
  ProcessNames,
  'noteExec' | 'noteFork' | 'noteExit' | 'noteConnect' | 'noteAccept' | 'noteClose'
>;

interface SyscallOptions {
  readonly protocols: readonly Protocol[];
  readonly limits?: SyscallLimits;
  /** Goes into the ids of flows. */
  readonly captureName?: string;
  /** Told of processes and their sockets; absent = nobody is. */
  readonly processes?: ProcessSink;
  /** Plain exchanges of HTTP/1 are read in C, and their spans are given to this writer. */
  readonly plain?: { readonly addon: ExchangesAddon; readonly writer: SpanWriter };
}

/** Takes a session as it is finished; its times are relative to `baseSeconds` since 1970. */
export type SyscallSink = (session: Session, baseSeconds: number) => void;

/** What an engine has counted since it was made. */
export interface SyscallStats {
  events: number;
  payloadBytes: number;
  sockets: number;
  socketsActive: number;
  socketsEvicted: number;
  socketsUnknown: number;
  /** Bytes that calls moved and no record told of: lost records, calls that are not looked at. */
  gapBytes: number;
  repeatedBytes: number;
  sessionsOpen: number;
  sessions: Readonly<Record<string, number>>;
  drops: Readonly<Record<string, number>>;
  /** Chains that were taken back, by reason. */
  withheld: Readonly<Record<string, number>>;
}

const SWEEP = 1e9;
const NO_CANDIDATES: readonly Candidate[] = [];

/** From records of system calls to sessions. It does no I/O and has no clock. */
export class SyscallEngine implements Shared, PlainHost {
  readonly sessions: SessionTable;
  readonly heads = new MessageHeads();
  readonly chains: Chains;
  readonly record = new RecordReader();
  private readonly options: SyscallOptions;
  private readonly limits: SyscallLimits;
  private readonly sink: SyscallSink;
  private readonly sockets: SocketTable;
  private readonly candidates: Candidates;
  private readonly hash: Hash64;
  private readonly counts = new Map<string, number>();
  private readonly drops = new Map<string, number>();
  readonly baseSeconds: number;
  private readonly plain: PlainExchanges | undefined;
  private readonly monotonicHigh: number;
  private readonly monotonicLow: number;
  /** Nanoseconds from `baseSeconds` to the monotonic base. */
  private shift: number;
  private events = 0;
  private payloadBytes = 0;
  private unknown = 0;
  private gapBytes = 0;
  private repeatedBytes = 0;
  private now = 0;
  private nextSweep = 0;

  /**
   * @param unixNs wall clock, nanoseconds since 1970
   * @param monotonicNs monotonic clock at the same moment: times count from it
   */
  constructor(options: SyscallOptions, sink: SyscallSink, unixNs: bigint, monotonicNs: bigint) {
    this.options = options;
    this.sink = sink;
    this.limits = options.limits ?? defaultSyscallLimits;
    this.candidates = new Candidates(options.protocols);
    this.hash = new Hash64(`syscalls ${options.captureName ?? ''}`);
    this.chains = new Chains(this.limits.sessions.maxOpen);
    this.sessions = new SessionTable((s) => this.finished(s), this.limits.sessions);
    this.baseSeconds = Number(unixNs / 1_000_000_000n);
    this.shift = Number(unixNs % 1_000_000_000n);
    this.monotonicHigh = Number(monotonicNs >> 32n);
    this.monotonicLow = Number(monotonicNs & 0xffff_ffffn);
    this.base = monotonicNs;
    this.offset = unixNs - monotonicNs;
    const { plain } = options;
    // Where HTTP is not wanted there is nothing to follow.
    this.plain =
      plain === undefined || !options.protocols.some(({ name }) => name === 'http')
        ? undefined
        : new PlainExchanges(plain.addon, plain.writer, this, monotonicNs, this.limits.sockets);
    const release = (slot: number): void => this.release(this.plain!, slot);
    this.sockets = new SocketTable(this, this.limits, this.plain, release);
  }

  private readonly base: bigint;
  private offset: bigint;

  /** The wall clock was set. @param offset wall clock minus monotonic clock, nanoseconds */
  clock(offset: bigint): void {
    this.shift += Number(offset - this.offset);
    this.offset = offset;
  }

  /** Takes records, as the ring gives them; they are not kept. */
  batch(bytes: Uint8Array, length: number): void {
    const r = this.record;
    r.batch(bytes, length);
    const { plain } = this;
    if (plain === undefined) {
      while (r.next()) {
        this.events++;
        this.take(this.time());
      }
    } else {
      for (let from = 0; from < length; ) from = this.scan(plain, bytes, from, length);
      this.sockets.trim(this.now);
      plain.follow();
    }
    if (this.now >= this.nextSweep) this.sweep();
  }

  /** Takes what C does not, in the order of the records. @returns where to go on */
  private scan(plain: PlainExchanges, bytes: Uint8Array, from: number, length: number): number {
    const { record, limits } = this;
    const { control, rows } = plain;
    plain.scan(bytes, from, length, this.shift, limits.sessions.maxOpen - this.sessions.openCount);
    this.events += control[Control.records]!;
    this.payloadBytes += control[Control.captured]!;
    this.gapBytes += control[Control.uncaptured]!;
    const { now } = this;
    this.now = Math.max(now, control[Control.now]!);
    const end = control[Control.rows]! * Row.words;
    for (let at = 0; at < end; at += Row.words) {
      record.seek(rows[at + Row.record]!);
      if (rows[at + Row.what] !== RowKind.slow) {
        plain.row(at, this.time());
        continue;
      }
      const slot = rows[at + Row.slot]!;
      if (slot >= 0) {
        this.release(plain, slot);
        record.batch(bytes, length);
        record.seek(rows[at + Row.record]!);
      }
      this.take(this.time());
    }
    return control[Control.consumed]!;
  }

  /** Nanoseconds from the base to the record at hand. */
  private time(): number {
    return this.record.timeSince(this.monotonicHigh, this.monotonicLow) + this.shift;
  }

  private take(time: number): void {
    const r = this.record;
    if (time > this.now) this.now = time;
    switch (r.kind) {
      case Kind.data:
        this.data(time);
        break;
      case Kind.connect:
      case Kind.accept:
        this.opened(time);
        break;
      case Kind.end:
        this.sockets.get(r.socket)?.close((r.flags & Flag.incoming) !== 0 ? 1 : 0, time);
        break;
      case Kind.close:
        this.closed(r.socket, time);
        break;
      default:
        this.process(time);
    }
  }

  /** A socket is followed here again: what waits comes anew. The record at hand is another then. */
  private release(plain: PlainExchanges, slot: number): void {
    const { payloadBytes, gapBytes, repeatedBytes, record } = this;
    const { flow, request, records, continued, bodyEnd } = plain.release(slot);
    if (records.length > 0) this.chains.over(request);
    record.batch(records, records.length);
    while (record.next()) this.data(this.time());
    if (continued > 0 && records.length > 0) flow.passed(continued, bodyEnd);
    this.payloadBytes = payloadBytes;
    this.gapBytes = gapBytes;
    this.repeatedBytes = repeatedBytes;
  }

  origin(into: Origin): void {
    const r = this.record;
    const { flags } = r;
    into.chainHigh = r.chainHigh;
    into.chainLow = r.chainLow;
    into.thread = r.thread;
    into.number = r.number;
    into.rule = RULES[r.rule] ?? '';
    into.derived = (flags & Flag.derived) !== 0;
    into.first = (flags & Flag.first) !== 0;
  }

  /** Lets time pass without records. @param monotonicNs time of the monotonic clock */
  advance(monotonicNs: bigint): void {
    const time = Number(monotonicNs - this.base) + this.shift;
    if (time > this.now) this.now = time;
    if (this.now >= this.nextSweep) this.sweep();
  }

  /** The capture is over: open sessions are handed on. */
  finish(): void {
    this.sockets.finish(this.now);
  }

  stats(): SyscallStats {
    const drops = new Map(this.drops);
    const counts = new Map(this.counts);
    const { plain } = this;
    if (plain !== undefined && plain.spans > 0) count(counts, 'http/', plain.spans);
    for (const [name, n] of this.sessions.dropped) count(drops, name, n);
    return {
      events: this.events,
      payloadBytes: this.payloadBytes,
      sockets: this.sockets.made,
      socketsActive: this.sockets.size,
      socketsEvicted: this.sockets.evicted,
      socketsUnknown: this.unknown,
      gapBytes: this.gapBytes,
      repeatedBytes: this.repeatedBytes,
      sessionsOpen: this.sessions.openCount + (plain?.pending ?? 0),
      sessions: Object.fromEntries(counts),
      drops: Object.fromEntries(drops),
      withheld: Object.fromEntries(this.chains.withheld),
    };
  }

  /** Spans of exchanges that were read in C. */
  get plainSpans(): number {
    return this.plain?.spans ?? 0;
  }

  dropped(protocol: string, reason: DropReason): void {
    count(this.drops, `${protocol}/${reason}`);
  }

  flowId(r: RecordReader, time: number): { readonly high: number; readonly low: number } {
    const h = this.hash;
    h.start();
    for (let i = 0; i < 4; i++) {
      h.word(r.localWord(i));
      h.word(r.remoteWord(i));
    }
    h.word((r.localPort << 16) | r.remotePort);
    h.word(r.networkNamespace);
    h.word(r.tgid);
    h.word(r.socket);
    h.time(this.baseSeconds, time);
    h.end();
    return h;
  }

  private data(time: number): void {
    const r = this.record;
    const { flags, length, captured, payload } = r;
    const tcp = (flags & Flag.tcp) !== 0;
    const flow = this.sockets.of(tcp, time);
    flow.lastSeen = time;
    if (flow.ignored) return;
    const side = (flags & Flag.incoming) !== 0 ? 1 : 0;
    this.payloadBytes += captured;
    if (!tcp) {
      if (captured > 0) this.feed(flow, 'udp', side, payload, payload + captured, 0, 0, time);
      return;
    }
    const { sequence, acknowledgement } = r;
    const skipped = flow.arrive(side, sequence, length, time);
    if (skipped !== 0) this.repeatedBytes += skipped < 0 ? length : skipped;
    if (skipped < 0) return;
    if (captured > skipped) {
      const s = (sequence + skipped) >>> 0;
      const from = payload + skipped;
      this.feed(flow, 'tcp', side, from, payload + captured, s, acknowledgement, time);
    }
    flow.acknowledge(side, acknowledgement);
    const past = Math.max(captured, skipped);
    if (past === length) return;
    this.gapBytes += length - past;
    flow.l7.gap(side, length - past, (sequence + past) >>> 0, time);
  }

  private feed(
    flow: SocketFlow,
    transport: Transport,
    side: number,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    const { l7 } = flow;
    const candidates =
      l7.protocol === undefined
        ? this.candidates.of(flow.localPort, flow.remotePort, transport)
        : NO_CANDIDATES;
    const { bytes } = this.record;
    const on = l7.data(
      candidates,
      transport,
      side,
      bytes,
      start,
      end,
      sequence,
      acknowledgement,
      time,
    );
    if (on) return;
    this.unknown++;
    flow.ignored = true;
  }

  private opened(time: number): void {
    const r = this.record;
    if ((r.flags & Flag.tcp) === 0) return;
    const flow = this.sockets.add(r.socket, true, time);
    if (r.kind === Kind.connect) flow.connecting();
    const { processes } = this.options;
    if (processes === undefined) return;
    const { tgid, networkNamespace, localPort } = r;
    const at = this.unixNanos(time);
    if (r.kind === Kind.accept)
      processes.noteAccept(tgid, networkNamespace, flow.local, localPort, at);
    else processes.noteConnect(tgid, networkNamespace, flow.local, localPort, at);
  }

  private closed(socket: number, time: number): void {
    const flow = this.sockets.get(socket);
    const { processes } = this.options;
    if (flow?.isClient && flow.tcp && processes !== undefined) {
      const { tgid, networkNamespace, local, localPort } = flow;
      processes.noteClose(tgid, networkNamespace, local, localPort, this.unixNanos(time));
    }
    this.sockets.remove(socket, 'connection_closed', time);
  }

  private process(time: number): void {
    const r = this.record;
    const { processes } = this.options;
    if (processes === undefined) return;
    const at = this.unixNanos(time);
    if (r.kind === Kind.exec) processes.noteExec(r.tgid, at);
    else if (r.kind === Kind.fork) processes.noteFork(r.tgid, r.length, at);
    else if (r.kind === Kind.exit) processes.noteExit(r.tgid, at);
  }

  private unixNanos(time: number): bigint {
    return BigInt(this.baseSeconds) * 1_000_000_000n + BigInt(Math.floor(time));
  }

  private sweep(): void {
    this.nextSweep = this.now + SWEEP;
    if (this.plain !== undefined) this.look(this.plain);
    this.sessions.expire(this.now);
    this.sockets.expire(this.now);
  }

  private finished(session: Session): void {
    count(this.counts, `${session.protocol.name}/${session.reason}`);
    const flow = this.flowOfSession(session);
    if (flow !== undefined) {
      this.settle(flow, session);
      this.plain?.offer(flow, session.start);
    }
    this.sink(session, this.baseSeconds);
  }

  settle(flow: SocketFlow, session: Session): void {
    const key = flow.release(session.request);
    if (flow.isClient) {
      this.chains.over(session.request);
      this.chains.answered(flow.tgid, key);
      agree(session.request, session.response);
    } else {
      this.chains.done(flow.tgid, key, session);
    }
  }

  /** At flows that are followed in C: when they were seen, and whether a request is overdue. */
  private look(plain: PlainExchanges): void {
    for (const flow of plain.flows()) {
      flow.lastSeen = plain.lastSeen(flow.slot);
      const { sessionTimeout } = flow.l7.protocol!;
      if (plain.waits(flow.slot, this.now - sessionTimeout)) this.release(plain, flow.slot);
    }
  }

  private flowOfSession(session: Session): SocketFlow | undefined {
    const { conversation } = session;
    const host = conversation instanceof L7Flow ? conversation.host : undefined;
    return host instanceof SocketFlow ? host : undefined;
  }
}
