import { type CapturedPacket, emptyPacket, LinkType } from '../../agent/pcap/packet.ts';
import { type Loaded, loadAddon } from '../../native/load.ts';

/** An open ring of native/packet.c. */
type Handle = object & { readonly ring: unique symbol };

/** Functions of native/packet.c, which describes them. */
export interface PacketAddon {
  open(
    interfaceName: string,
    namespace: string,
    blockSize: number,
    blocks: number,
    retireMs: number,
    filter: Uint8Array,
  ): Handle;
  memory(ring: Handle): ArrayBuffer;
  info(ring: Handle): [number, number, number];
  next(ring: Handle): number;
  release(ring: Handle, block: number): void;
  setFilter(ring: Handle, filter: Uint8Array): void;
  statistics(ring: Handle): [number, number];
  fault(ring: Handle): number;
  close(ring: Handle): void;
  addresses(namespace: string): string[];
}

/** Loads the addon of AF_PACKET rings; where it is not built the answer says why. */
export function loadPacketAddon(): Loaded<PacketAddon> {
  return loadAddon<PacketAddon>('packet');
}

/** One ring over one interface. */
export interface RingOptions {
  /** Name of an interface; `any` = all of the namespace. */
  readonly interfaceName: string;
  /** Path of a network namespace; '' = the program's own. */
  readonly namespace: string;
  /** Bytes of the whole ring; rounded to whole blocks, at least two. */
  readonly bufferBytes: number;
  /** Number of this ring among the source's, part of packets' interface number. */
  readonly ordinal: number;
  /** Makes the kernel's filter, once it is known how many bytes of link header frames have. */
  filter(linkBytes: number): Uint8Array;
}

const BLOCK = 1 << 18;
/** Milliseconds after which the kernel hands out a block that is not full. */
const RETIRE_MS = 10;

/* struct tpacket_block_desc and tpacket3_hdr, as 32-bit words (linux/if_packet.h). */
const BLOCK_PACKETS = 3;
const BLOCK_FIRST = 4;
const PACKET_NEXT = 0;
const PACKET_SECONDS = 1;
const PACKET_NANOS = 2;
const PACKET_CAPTURED = 3;
const PACKET_LENGTH = 4;
const PACKET_OFFSETS = 6;
/** struct sockaddr_ll follows the packet's header of 48 bytes. */
const ADDRESS_INDEX = 13;
const ADDRESS_KIND = 14;

/** The BPF instruction that ends a filter with a constant. */
const RETURN = 6;

const LOOPBACK = 772;
const OUTGOING = 4;

/** The ARP hardware types that have an Ethernet header. */
function linkBytesOf(hardware: number, cooked: boolean): number {
  return cooked || (hardware !== 1 && hardware !== LOOPBACK) ? 0 : 14;
}

/** Packets and packets lost for want of room, since the ring was opened. */
export interface RingStatistics {
  packets: number;
  drops: number;
}

/** A live capture of one interface: blocks of packets that the kernel writes into shared memory. */
export class PacketRing {
  readonly name: string;
  readonly linkBytes: number;
  readonly isOwnNamespace: boolean;
  /** Blocks handed out. */
  blocks = 0;
  readonly totals: RingStatistics = { packets: 0, drops: 0 };
  private readonly addon: PacketAddon;
  private readonly handle: Handle;
  private readonly bytes: Uint8Array;
  private readonly words: Uint32Array;
  private readonly linkType: number;
  private readonly firstInterface: number;
  /** Frames of this interface are seen as they leave and as they arrive. */
  private readonly doubled: boolean;
  private readonly any: boolean;
  private readonly packet: CapturedPacket = emptyPacket();
  private open = true;

  /** @throws Error that says what could not be opened, and what is missing */
  constructor(addon: PacketAddon, options: RingOptions) {
    this.addon = addon;
    this.name =
      options.namespace === ''
        ? options.interfaceName
        : `${options.interfaceName} of ${options.namespace}`;
    this.isOwnNamespace = options.namespace === '';
    const blocks = Math.max(2, Math.round(options.bufferBytes / BLOCK));
    // What the link header is, is known once the socket is open; until then nothing passes.
    const nothing = new Uint8Array(new Uint16Array([RETURN, 0, 0, 0]).buffer);
    this.handle = this.opened(options, blocks, nothing);
    const [, hardware, cooked] = addon.info(this.handle);
    this.linkBytes = linkBytesOf(hardware, cooked === 1);
    this.linkType = this.linkBytes === 0 ? LinkType.raw : LinkType.ethernet;
    this.any = options.interfaceName === 'any';
    this.doubled = this.any || hardware === LOOPBACK;
    this.firstInterface = options.ordinal << 12;
    const memory = addon.memory(this.handle);
    this.bytes = new Uint8Array(memory);
    this.words = new Uint32Array(memory);
    try {
      this.setFilter(options.filter(this.linkBytes));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private opened(options: RingOptions, blocks: number, filter: Uint8Array): Handle {
    const { interfaceName, namespace } = options;
    try {
      return this.addon.open(interfaceName, namespace, BLOCK, blocks, RETIRE_MS, filter);
    } catch (cause) {
      throw new Error(`cannot capture on ${this.name}: ${explained(cause)}`, { cause });
    }
  }

  /** Replaces the kernel's filter; packets already in the ring stay. */
  setFilter(filter: Uint8Array): void {
    this.addon.setFilter(this.handle, filter);
  }

  /**
   * Hands out the packets of full blocks; a packet's bytes are valid only during the call.
   * @returns packets that were in the blocks
   */
  drain(sink: (packet: CapturedPacket) => void, maxBlocks: number): number {
    let packets = 0;
    for (let i = 0; i < maxBlocks && this.open; i++) {
      const block = this.addon.next(this.handle);
      if (block < 0) break;
      this.blocks++;
      try {
        packets += this.walk(block, sink);
      } finally {
        if (this.open) this.addon.release(this.handle, block);
      }
    }
    return packets;
  }

  private walk(block: number, sink: (packet: CapturedPacket) => void): number {
    const { words, packet: p } = this;
    const start = (block * BLOCK) >>> 2;
    const count = words[start + BLOCK_PACKETS]!;
    let at = start + (words[start + BLOCK_FIRST]! >>> 2);
    p.bytes = this.bytes;
    p.linkType = this.linkType;
    for (let i = 0; i < count; i++) {
      const address = words[at + ADDRESS_KIND]!;
      const outgoing = ((address >>> 16) & 0xff) === OUTGOING;
      if (!(outgoing && this.doubled && this.isLoopback(address))) {
        const offset = words[at + PACKET_OFFSETS]! & 0xffff;
        p.start = at * 4 + offset;
        p.length = words[at + PACKET_CAPTURED]!;
        p.wireLength = words[at + PACKET_LENGTH]!;
        p.seconds = words[at + PACKET_SECONDS]!;
        p.nanos = words[at + PACKET_NANOS]!;
        p.interfaceId = this.firstInterface | (words[at + ADDRESS_INDEX]! & 0xfff);
        sink(p);
        if (!this.open) return i;
      }
      at += words[at + PACKET_NEXT]! >>> 2;
    }
    return count;
  }

  private isLoopback(address: number): boolean {
    return (address & 0xffff) === LOOPBACK;
  }

  /** Asks the kernel what it counted; adds to `totals`. */
  statistics(): RingStatistics {
    const [packets, drops] = this.addon.statistics(this.handle);
    this.totals.packets += packets;
    this.totals.drops += drops;
    return this.totals;
  }

  /** The errno that ended or interrupted the capture; 0 = none. Asking clears it. */
  fault(): number {
    return this.addon.fault(this.handle);
  }

  /** Ends the capture and gives its memory back. */
  close(): void {
    if (!this.open) return;
    this.open = false;
    this.addon.close(this.handle);
  }
}

const EPERM = '1';
const ENOENT = '2';
const ENOMEM = '12';
const ENODEV = '19';

/** Whether a ring could not be opened for want of rights. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && (error.cause as { code?: string } | undefined)?.code === EPERM;
}

function explained(cause: unknown): string {
  const { code, message } = cause as { code?: string; message: string };
  if (code === EPERM) return 'root or CAP_NET_RAW is needed (a namespace needs CAP_SYS_ADMIN too)';
  if (code === ENODEV) return 'there is no such interface';
  if (code === ENOENT) return 'there is no such network namespace';
  if (code === ENOMEM) return 'the kernel has no memory for the ring; make buffer_size smaller';
  return message;
}
