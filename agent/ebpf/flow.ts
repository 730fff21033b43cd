import { ipv4Text, ipv6Text } from '../address.ts';
import { type FlowHost, L7Flow } from '../l7/flow.ts';
import type { MessageHeads } from '../l7/heads.ts';
import type { Message } from '../l7/message.ts';
import type { AsyncRule, Origin } from '../l7/origin.ts';
import type { DropReason } from '../l7/protocol.ts';
import type { Ends, Vantage } from '../session/conversation.ts';
import type { SessionTable } from '../session/pairing.ts';
import type { Chains } from './chains.ts';
import { keyOf } from './chains.ts';
import { Flag, type RecordReader } from './records.ts';

/** What the flows of an engine share. */
export interface Shared {
  readonly sessions: SessionTable;
  readonly heads: MessageHeads;
  readonly chains: Chains;
  /** The record whose data is being fed. */
  readonly record: RecordReader;
  dropped(protocol: string, reason: DropReason): void;
  /** 64 bits that name a flow: fills `high` and `low`. */
  flowId(record: RecordReader, time: number): { readonly high: number; readonly low: number };
}

/** Names of rules by the number that the kernel side gives a chain; '' = no rule of its own. */
export const RULES: readonly AsyncRule[] = ['', '', 'tick', 'connect', 'node_async_id'];

/** The process is side 0, its peer side 1. */
const SELF = 0;
const PEER = 1;

/**
 * One socket, or one peer of a datagram socket, as its process uses it: makes one stream a
 * direction of the calls, with gaps for what was not captured.
 */
export class SocketFlow implements FlowHost {
  readonly l7: L7Flow;
  readonly tgid: number;
  /** Number that the kernel side gave it. */
  readonly socket: number;
  /** Where it is followed in C (plain.ts); -1 = it is not. */
  slot = -1;
  /** Exchanges to see before it may be followed again, and how often it was not plain. */
  patience = 0;
  left = 0;
  /** No protocol was found: it is not looked at any more. */
  ignored = false;
  /** Time of the last call, nanoseconds since the engine's base. */
  lastSeen: number;
  readonly localPort: number;
  readonly remotePort: number;
  private readonly shared: Shared;
  /** Address of this end; '' = not known: a datagram socket that is bound to none. */
  readonly local: string;
  private readonly remote: string;
  private readonly ipVersion: 4 | 6;
  readonly tcp: boolean;
  readonly networkNamespace: number;
  private readonly command: string;
  private readonly idHigh: number;
  private readonly idLow: number;
  private client: boolean;
  private certain: boolean;
  /** Sequence number of the next byte of a side; -1 = not known. */
  private readonly next: [number, number] = [-1, -1];
  private readonly acknowledged: [number, number] = [0, 0];
  private seen: Vantage | undefined = undefined;
  /** Chain that the connection was made for, until its first request. */
  private connectKey = 0;
  /** Call of a request that comes anew, and the key of its chain. */
  private adopted: { readonly origin: Origin; readonly chain: number } | undefined = undefined;

  /** @param certain the connection was seen from its start, so the roles are known */
  constructor(shared: Shared, certain: boolean, time: number) {
    const r = shared.record;
    this.shared = shared;
    this.tgid = r.tgid;
    this.socket = r.socket;
    this.lastSeen = time;
    this.localPort = r.localPort;
    this.remotePort = r.remotePort;
    this.tcp = (r.flags & Flag.tcp) !== 0;
    this.networkNamespace = r.networkNamespace;
    this.command = r.command;
    const mapped = (r.flags & Flag.ipv6) !== 0 && isMapped(r);
    this.ipVersion = (r.flags & Flag.ipv6) !== 0 && !mapped ? 6 : 4;
    const word = mapped ? 3 : 0;
    this.local = isUnbound(r)
      ? ''
      : this.ipVersion === 4
        ? ipv4Text(r.localWord(word))
        : ipv6Text(r.localWord(0), r.localWord(1), r.localWord(2), r.localWord(3));
    this.remote =
      this.ipVersion === 4
        ? ipv4Text(r.remoteWord(word))
        : ipv6Text(r.remoteWord(0), r.remoteWord(1), r.remoteWord(2), r.remoteWord(3));
    this.client = (r.flags & Flag.client) !== 0;
    this.certain = certain;
    const id = shared.flowId(r, time);
    this.idHigh = id.high;
    this.idLow = id.low;
    this.l7 = new L7Flow(this, 0);
  }

  get sessions(): SessionTable {
    return this.shared.sessions;
  }

  get heads(): MessageHeads {
    return this.shared.heads;
  }

  /**
   * Takes the bytes of a call that are new, in order.
   * @returns bytes of it that are skipped because they were seen before, -1 for all of them
   */
  arrive(side: number, sequence: number, length: number, time: number): number {
    const next = this.next[side]!;
    this.next[side] = (sequence + length) >>> 0;
    if (next < 0) return 0;
    const ahead = (sequence - next) | 0;
    if (ahead === 0) return 0;
    if (ahead > 0) {
      this.l7.gap(side, ahead, next, time);
      return 0;
    }
    if (length + ahead <= 0) {
      this.next[side] = next;
      return -1;
    }
    return -ahead;
  }

  acknowledge(side: number, acknowledgement: number): void {
    this.acknowledged[side] = acknowledgement;
  }

  ends(): Ends {
    const [from, to] = this.client ? [this.local, this.remote] : [this.remote, this.local];
    const [fromPort, toPort] = this.client
      ? [this.localPort, this.remotePort]
      : [this.remotePort, this.localPort];
    return {
      transport: this.tcp ? 'tcp' : 'udp',
      ipVersion: this.ipVersion,
      clientAddress: from,
      clientPort: fromPort,
      serverAddress: to,
      serverPort: toPort,
      interfaceId: 0,
      idHigh: this.idHigh,
      idLow: this.idLow,
    };
  }

  nextSequence(_flow: number, side: number): number {
    return this.next[side]!;
  }

  acknowledgedInOrder(_flow: number, side: number): number {
    return this.acknowledged[side]!;
  }

  clientSide(): 0 | 1 {
    return this.client ? SELF : PEER;
  }

  settle(_flow: number, clientSide: number): boolean {
    if (this.certain) return this.clientSide() === clientSide;
    this.client = clientSide === SELF;
    this.certain = true;
    return true;
  }

  dropped(protocol: string, reason: DropReason): void {
    this.shared.dropped(protocol, reason);
  }

  /** Whether its next exchange may be read elsewhere: between two of them, all is known of it. */
  get plain(): boolean {
    const [own, peer] = this.next;
    return this.connectKey === 0 && own >= 0 && peer >= 0 && this.l7.quiet;
  }

  /** Sequence numbers of the next byte of each side, and what each side has acknowledged. */
  get sequences(): readonly number[] {
    return this.next;
  }

  get acknowledgements(): readonly number[] {
    return this.acknowledged;
  }

  /** Goes on after exchanges that were read elsewhere. */
  resume(
    sequences: ArrayLike<number>,
    acknowledgements: ArrayLike<number>,
    ordinal: number,
    lastAcknowledged: number,
  ): void {
    for (const side of [SELF, PEER]) {
      this.next[side] = sequences[side]!;
      this.acknowledged[side] = acknowledgements[side]!;
    }
    const client = this.clientSide();
    this.l7.resume(ordinal, lastAcknowledged, this.next[client]!, this.next[1 - client]!);
  }

  /** The next request is one whose call and chain are known already. */
  adopt(origin: Origin, chain: number): void {
    this.adopted = { origin, chain };
  }

  /** Bytes of the response that goes on: they were counted elsewhere. */
  passed(length: number, time: number): void {
    const side = 1 - this.clientSide();
    this.l7.passed(side, length, this.next[side]!, time);
    this.next[side] = (this.next[side]! + length) >>> 0;
  }

  origin(): Origin {
    const r = this.shared.record;
    const { flags } = r;
    return {
      chainHigh: r.chainHigh,
      chainLow: r.chainLow,
      thread: r.thread,
      number: r.number,
      rule: RULES[r.rule] ?? '',
      derived: (flags & Flag.derived) !== 0,
      first: (flags & Flag.first) !== 0,
    };
  }

  vantage(): Vantage {
    const point = this.client ? 'client_process' : 'server_process';
    if (this.seen?.point === point) return this.seen;
    this.seen = {
      point,
      networkNamespace: this.networkNamespace,
      pid: this.tgid,
      command: this.command,
    };
    return this.seen;
  }

  begun(_flow: number, message: Message): void {
    const { adopted } = this;
    if (adopted !== undefined && message.isRequest) {
      message.origin = adopted.origin;
      message.chain = adopted.chain;
      this.adopted = undefined;
      return;
    }
    const { origin } = message;
    if (!message.isRequest || origin === undefined) return;
    const { chains } = this.shared;
    if (this.client) {
      this.connected();
      chains.called(this.tgid, message, origin);
    } else {
      const key = keyOf(origin);
      if (key === 0) return;
      chains.served(this.tgid, message, origin);
      message.chain = key;
    }
  }

  answering(_flow: number, request: Message): void {
    if (!this.client && request.origin !== undefined) {
      this.shared.chains.answering(this.tgid, request.origin);
    }
  }

  /** The connection is made for the chain of the record. */
  connecting(): void {
    this.connectKey = this.shared.chains.connecting(this.tgid, this.origin());
  }

  /** What the connection was made for goes out, or never will. */
  connected(): void {
    this.shared.chains.answered(this.tgid, this.connectKey);
    this.connectKey = 0;
  }

  unpaired(_flow: number, message: Message): void {
    const key = this.release(message);
    if (this.client) {
      this.shared.chains.over(message);
      this.shared.chains.answered(this.tgid, key);
    } else this.shared.chains.forget(this.tgid, key, message.origin);
  }

  /** @returns key of the chain that a request of this flow was counted under; forgets it */
  release(message: Message | undefined): number {
    if (message === undefined) return 0;
    const key = message.chain;
    message.chain = 0;
    return key;
  }

  get isClient(): boolean {
    return this.client;
  }

  close(side: number, time: number): void {
    this.l7.close(side, time);
  }
}

/** IPv4 addresses in an IPv6 socket (::ffff:a.b.c.d); the own one may not be known. */
function isMapped(r: RecordReader): boolean {
  const local = r.localWord(0) === 0 && r.localWord(1) === 0 && r.localWord(2) === 0xffff;
  const remote = r.remoteWord(0) === 0 && r.remoteWord(1) === 0 && r.remoteWord(2) === 0xffff;
  return remote && (local || isUnbound(r));
}

function isUnbound(r: RecordReader): boolean {
  return (r.localWord(0) | r.localWord(1) | r.localWord(2) | r.localWord(3)) === 0;
}
