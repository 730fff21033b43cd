import { copyOf } from '../bytes.ts';
import type { Conversation, Ends, Vantage } from '../session/conversation.ts';
import type { SessionTable } from '../session/pairing.ts';
import type { Session } from '../session/session.ts';
import { type KeptHead, type MessageHeads, noHead } from './heads.ts';
import type { Message } from './message.ts';
import type { Origin } from './origin.ts';
import {
  type Connection,
  Detection,
  type Direction,
  type DropReason,
  type MessageSink,
  type Protocol,
  type Transport,
} from './protocol.ts';

/** Payload-bearing segments that are looked at before a flow counts as unknown. */
const MAX_ATTEMPTS = 8;
/** First bytes kept while they are too few to tell a protocol by. */
const MAX_PROBE = 256;

/** What a flow asks of the table that it is in. */
export interface FlowHost {
  readonly sessions: SessionTable;
  ends(flow: number): Ends;
  /** Next TCP sequence number expected from a side. */
  nextSequence(flow: number, side: number): number;
  /** Acknowledgement number of a side's last segment before the first hole. */
  acknowledgedInOrder(flow: number, side: number): number;
  /** 0 or 1; the side that is thought to be the client. */
  clientSide(flow: number): number;
  /** Settles who the client is. @returns false when a handshake has shown otherwise */
  settle(flow: number, clientSide: number): boolean;
  dropped(protocol: string, reason: DropReason): void;
  /** Shared by all flows of a host: hashes the first bytes of messages. */
  readonly heads: MessageHeads;
  /** The call whose data is being fed, for sources of calls. */
  origin?(flow: number): Origin | undefined;
  /** Which end the flow is seen at, for sources that know. */
  vantage?(flow: number, ends: Ends): Vantage | undefined;
  /** A message has begun, its origin is known; called before it is paired. */
  begun?(flow: number, message: Message): void;
  /** The response to `request` has begun. */
  answering?(flow: number, request: Message): void;
  /** A request that has begun is part of no open session: it repeats another, or is handed on. */
  unpaired?(flow: number, message: Message): void;
}

/** A protocol that is looked for, and whether the ports suggest it. */
export interface Candidate {
  readonly protocol: Protocol;
  readonly usual: boolean;
}

interface Probe {
  bytes: Uint8Array;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly time: number;
}

/**
 * The application side of one flow: finds out which protocol it speaks and who is the client, then
 * feeds that protocol's parser and hands its messages to the session table.
 */
export class L7Flow implements Conversation, MessageSink {
  protocol: Protocol | undefined = undefined;
  open: Session | undefined = undefined;
  lastOpen: Session | undefined = undefined;
  openCount = 0;
  orphan: Session | undefined = undefined;
  owed = 0;
  requestsLost = -1;
  responsesLost = -1;
  unmatched = -1;
  pipelined = false;
  lastAcknowledged = -1;
  ordinal = 0;
  readonly host: FlowHost;
  /** Its number in the host's table. */
  readonly flow: number;
  private connection: Connection | undefined = undefined;
  private known: Ends | undefined = undefined;
  private attempts = 0;
  /** Per direction: the message whose end has not come, where the last one ended (-1 = none yet). */
  private readonly going: [Message | undefined, Message | undefined] = [undefined, undefined];
  private requestsEnd = -1;
  private responsesEnd = -1;
  /** Per direction: first bytes of a message whose head is not whole yet. */
  private kept: [KeptHead | undefined, KeptHead | undefined] | undefined = undefined;
  private probes: [Probe | undefined, Probe | undefined] | undefined = undefined;

  constructor(host: FlowHost, flow: number) {
    this.host = host;
    this.flow = flow;
  }

  /** @returns false when no protocol was found and the flow need not be looked at any more */
  data(
    candidates: readonly Candidate[],
    transport: Transport,
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): boolean {
    if (this.connection === undefined) {
      const probe = this.probes?.[side];
      const found =
        probe === undefined
          ? this.detect(candidates, transport, side, b, start, end)
          : this.detectJoined(candidates, transport, side, probe, b, start, end);
      if (found === undefined) {
        this.keepProbe(side, b, start, end, sequence, acknowledgement, time);
        return true;
      }
      if (!found) return ++this.attempts < MAX_ATTEMPTS && candidates.length > 0;
      if (probe !== undefined) this.feedProbe(transport, side, probe);
    }
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    this.feed(transport, direction, b, start, end, sequence, acknowledgement, time);
    return true;
  }

  gap(side: number, length: number, sequence: number, time: number): void {
    if (this.probes !== undefined) this.probes[side] = undefined;
    if (this.connection === undefined) return;
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    const message = this.going[direction];
    if (message !== undefined) noHead(message);
    // A head that is cut begins a message now.
    this.connection.gap(direction, length, sequence, time);
    if (this.kept !== undefined) this.kept[direction] = undefined;
  }

  /** Nothing is open, nothing was lost, and no message has begun. */
  get quiet(): boolean {
    const { going, kept, lastAcknowledged, unmatched } = this;
    if (going[0] !== undefined || going[1] !== undefined) return false;
    if (kept?.[0] !== undefined || kept?.[1] !== undefined) return false;
    if (this.openCount > 0 || this.owed > 0 || this.orphan !== undefined) return false;
    if (this.requestsLost >= 0 || this.responsesLost >= 0 || this.pipelined) return false;
    if (lastAcknowledged < 0) return false;
    if (unmatched >= 0 && ((lastAcknowledged - unmatched) | 0) <= 0) return false;
    return this.connection?.idle?.() === true;
  }

  /**
   * Goes on after exchanges that others have read: it was quiet before them.
   * @param ordinal of the next session
   * @param requestsEnd sequence number after the last request; `responsesEnd`: of the responses
   */
  resume(
    ordinal: number,
    lastAcknowledged: number,
    requestsEnd: number,
    responsesEnd: number,
  ): void {
    this.ordinal = ordinal;
    this.lastAcknowledged = lastAcknowledged;
    this.requestsEnd = requestsEnd;
    this.responsesEnd = responsesEnd;
  }

  /** `length` bytes of a body that others have counted; its message is known by its first bytes. */
  passed(side: number, length: number, sequence: number, time: number): void {
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    this.connection?.gap(direction, length, sequence, time);
  }

  close(side: number, time: number): void {
    if (this.connection === undefined) return;
    this.connection.close(side === this.host.clientSide(this.flow) ? 0 : 1, time);
  }

  ends(): Ends {
    this.known ??= this.host.ends(this.flow);
    return this.known;
  }

  serverNext(): number {
    return this.host.nextSequence(this.flow, 1 - this.host.clientSide(this.flow));
  }

  vantage(): Vantage | undefined {
    return this.host.vantage?.(this.flow, this.ends());
  }

  begin(message: Message): Message | undefined {
    const direction = message.isRequest ? 0 : 1;
    const kept = this.kept?.[direction];
    const held = this.host.heads.begin(message, kept);
    message.origin = held ? kept!.origin : this.host.origin?.(this.flow);
    this.going[direction] = message;
    this.host.begun?.(this.flow, message);
    const answered = this.host.sessions.begin(this.protocol!, this, message);
    if (message.isRequest && message.session === undefined) {
      this.host.unpaired?.(this.flow, message);
    }
    if (answered !== undefined) this.host.answering?.(this.flow, answered);
    return answered;
  }

  end(message: Message): void {
    this.host.heads.end(message);
    const direction = message.isRequest ? 0 : 1;
    if (this.going[direction] === message) this.going[direction] = undefined;
    const past = (message.sequence + message.length) >>> 0;
    if (direction === 0) this.requestsEnd = past;
    else this.responsesEnd = past;
    this.host.sessions.end(message);
  }

  lost(direction: Direction, sequence: number): void {
    const client = this.host.clientSide(this.flow);
    const from = direction === 0 ? this.host.acknowledgedInOrder(this.flow, client) : sequence;
    this.host.sessions.lost(this, direction, from);
  }

  drop(reason: DropReason): void {
    this.host.dropped(this.protocol?.name ?? '', reason);
  }

  private feed(
    transport: Transport,
    direction: Direction,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    const { heads } = this.host;
    heads.chunk(b, start, end, sequence);
    this.connection!.data(direction, b, start, end, sequence, acknowledgement, time);
    const after = this.going[direction];
    if (after !== undefined) {
      heads.more(after);
      if (this.kept !== undefined) this.kept[direction] = undefined;
    } else if (transport === 'tcp') {
      const past = direction === 0 ? this.requestsEnd : this.responsesEnd;
      const pending = heads.pending(past, this.kept?.[direction]);
      if (pending !== undefined) {
        pending.origin ??= this.host.origin?.(this.flow);
        this.kept ??= [undefined, undefined];
        this.kept[direction] = pending;
      } else if (this.kept !== undefined) {
        this.kept[direction] = undefined;
      }
    }
    heads.done();
  }

  /** @returns whether a protocol was found; undefined = more bytes are wanted */
  private detect(
    candidates: readonly Candidate[],
    transport: Transport,
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
  ): boolean | undefined {
    let more = false;
    for (const { protocol, usual } of candidates) {
      const found = protocol.detect(b, start, end, transport, usual);
      if (found === Detection.no) continue;
      if (found === Detection.more) {
        more = true;
        continue;
      }
      const client = found === Detection.request ? side : 1 - side;
      if (!this.host.settle(this.flow, client)) continue;
      this.protocol = protocol;
      this.connection = protocol.connect(this, transport);
      return true;
    }
    return more && transport === 'tcp' ? undefined : false;
  }

  private detectJoined(
    candidates: readonly Candidate[],
    transport: Transport,
    side: number,
    probe: Probe,
    b: Uint8Array,
    start: number,
    end: number,
  ): boolean | undefined {
    const joined = new Uint8Array(probe.bytes.length + end - start);
    joined.set(probe.bytes);
    joined.set(b.subarray(start, end), probe.bytes.length);
    const found = this.detect(candidates, transport, side, joined, 0, joined.length);
    if (found === false) this.probes![side] = undefined;
    return found;
  }

  private keepProbe(
    side: number,
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): void {
    this.probes ??= [undefined, undefined];
    const old = this.probes[side];
    if (old === undefined) {
      const bytes = copyOf(b, start, Math.min(end, start + MAX_PROBE));
      const whole = bytes.length === end - start;
      this.probes[side] = whole ? { bytes, sequence, acknowledgement, time } : undefined;
      return;
    }
    const length = old.bytes.length + end - start;
    if (length > MAX_PROBE) {
      this.probes[side] = undefined;
      return;
    }
    const joined = new Uint8Array(length);
    joined.set(old.bytes);
    joined.set(b.subarray(start, end), old.bytes.length);
    old.bytes = joined;
  }

  private feedProbe(transport: Transport, side: number, probe: Probe): void {
    this.probes = undefined;
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    const { bytes, sequence, acknowledgement, time } = probe;
    this.feed(transport, direction, bytes, 0, bytes.length, sequence, acknowledgement, time);
  }
}
