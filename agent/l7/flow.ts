import { copyOf } from '../bytes.ts';
import type { Conversation, Ends } from '../session/conversation.ts';
import type { SessionTable } from '../session/pairing.ts';
import type { Session } from '../session/session.ts';
import type { Message } from './message.ts';
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
  private readonly host: FlowHost;
  /** Its number in the host's table. */
  readonly flow: number;
  private connection: Connection | undefined = undefined;
  private known: Ends | undefined = undefined;
  private attempts = 0;
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
      if (probe !== undefined) this.feedProbe(side, probe);
    }
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    this.connection!.data(direction, b, start, end, sequence, acknowledgement, time);
    return true;
  }

  gap(side: number, length: number, sequence: number, time: number): void {
    if (this.probes !== undefined) this.probes[side] = undefined;
    if (this.connection === undefined) return;
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    this.connection.gap(direction, length, sequence, time);
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

  begin(message: Message): Message | undefined {
    return this.host.sessions.begin(this.protocol!, this, message);
  }

  end(message: Message): void {
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

  private feedProbe(side: number, probe: Probe): void {
    this.probes = undefined;
    const direction = side === this.host.clientSide(this.flow) ? 0 : 1;
    const { bytes, sequence, acknowledgement, time } = probe;
    this.connection!.data(direction, bytes, 0, bytes.length, sequence, acknowledgement, time);
  }
}
