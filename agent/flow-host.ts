import { ipv4Text, ipv6Text } from './address.ts';
import { FlowFlag, KEY_WORDS } from './flow/columns.ts';
import type { FlowTable } from './flow/table.ts';
import type { TrackerHost } from './flow/tracker.ts';
import type { FlowHost, L7Flow } from './l7/flow.ts';
import { MessageHeads } from './l7/heads.ts';
import type { DropReason } from './l7/protocol.ts';
import { TCP } from './packet/decode.ts';
import type { Ends, Vantage } from './session/conversation.ts';
import type { SessionTable } from './session/pairing.ts';
import { Hash64 } from './spans/hash.ts';
import { count } from './stats.ts';

/** What is known of captured flows by their number in the table: ends, sides, protocols. */
export class CaptureFlows implements FlowHost, TrackerHost {
  readonly sessions: SessionTable;
  readonly heads = new MessageHeads();
  /** Seconds since 1970 of the first packet; times are nanoseconds relative to it. */
  baseSeconds = -1;
  /** The application side of each flow that has one. */
  readonly l7: (L7Flow | undefined)[] = [];
  /** Messages that were given up, by protocol and reason. */
  readonly drops = new Map<string, number>();
  private readonly table: FlowTable;
  private readonly turned: (flow: number) => void;
  private readonly hash: Hash64;
  private readonly vantageOf: ((ends: Ends) => Vantage | undefined) | undefined;

  /**
   * @param turned is told when the client turns out to be the other side
   * @param captureName goes into the ids of flows
   */
  constructor(
    table: FlowTable,
    sessions: SessionTable,
    turned: (flow: number) => void,
    captureName: string,
    vantageOf: ((ends: Ends) => Vantage | undefined) | undefined,
  ) {
    this.table = table;
    this.sessions = sessions;
    this.turned = turned;
    this.hash = new Hash64(captureName);
    this.vantageOf = vantageOf;
  }

  ends(flow: number): Ends {
    const { key, flags, firstSeen } = this.table.columns;
    const at = flow * KEY_WORDS;
    const v6 = (flags[flow]! & FlowFlag.v6) !== 0;
    const client = this.clientSide(flow);
    const last = key[at + 9]!;
    this.hash.start();
    for (let i = 0; i < KEY_WORDS; i++) this.hash.word(key[at + i]!);
    this.hash.time(this.baseSeconds, firstSeen[flow]!);
    this.hash.end();
    const address = (side: number): string => {
      const w = at + side * 4;
      if (!v6) return ipv4Text(key[w + 3]!);
      return ipv6Text(key[w]!, key[w + 1]!, key[w + 2]!, key[w + 3]!);
    };
    const port = (side: number): number => (key[at + 8]! >>> (side === 0 ? 16 : 0)) & 0xffff;
    return {
      transport: (last & 0xff) === TCP ? 'tcp' : 'udp',
      ipVersion: v6 ? 6 : 4,
      clientAddress: address(client),
      clientPort: port(client),
      serverAddress: address(1 - client),
      serverPort: port(1 - client),
      interfaceId: last >>> 9,
      idHigh: this.hash.high,
      idLow: this.hash.low,
    };
  }

  nextSequence(flow: number, side: number): number {
    return this.table.columns.next[flow * 2 + side]!;
  }

  acknowledgedInOrder(flow: number, side: number): number {
    return this.table.columns.inOrder[flow * 2 + side]!;
  }

  vantage(_flow: number, ends: Ends): Vantage | undefined {
    return this.vantageOf?.(ends);
  }

  isTcp(flow: number): boolean {
    return (this.table.columns.key[flow * KEY_WORDS + 9]! & 0xff) === TCP;
  }

  isActive(flow: number): boolean {
    return this.table.isActive(flow);
  }

  protocolOf(flow: number): string {
    return this.l7[flow]?.protocol?.name ?? '';
  }

  clientSide(flow: number): number {
    return (this.table.columns.flags[flow]! & FlowFlag.clientIsOne) === 0 ? 0 : 1;
  }

  settle(flow: number, clientSide: number): boolean {
    const flags = this.table.columns.flags;
    if ((flags[flow]! & FlowFlag.sideCertain) !== 0) return this.clientSide(flow) === clientSide;
    flags[flow]! |= FlowFlag.sideCertain;
    if (this.clientSide(flow) === clientSide) return true;
    this.setClient(flow, clientSide);
    this.turned(flow);
    return true;
  }

  dropped(protocol: string, reason: DropReason): void {
    count(this.drops, `${protocol}/${reason}`);
  }

  setClient(flow: number, side: number): void {
    const flags = this.table.columns.flags;
    if (side === 1) flags[flow]! |= FlowFlag.clientIsOne;
    else flags[flow]! &= ~FlowFlag.clientIsOne;
  }
}
