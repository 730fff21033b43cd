import type { PacketDecoder } from '../packet/decode.ts';
import { FlowColumns, FlowFlag, KEY_WORDS } from './columns.ts';

/**
 * Classes of flows; each has a time-out of its own. The order is the order of eviction. Those of
 * TCP are the classes of {@link import('./state.ts').Silence}.
 */
export const FlowKind = {
  /** Reset while it opened. */
  brief: 0,
  /** Ended by both sides. */
  closed: 1,
  /** Opening, closing, in no order. */
  transient: 2,
  reset: 3,
  udp: 4,
  established: 5,
} as const;

/** A class by its number, which is an index into the time-outs. */
export type FlowKind = (typeof FlowKind)[keyof typeof FlowKind];

/** Limits of the table of flows. */
export interface FlowLimits {
  /** Flows tracked at once; for one more, the longest idle one of the least valuable class goes. */
  readonly maxFlows: number;
  /** Nanoseconds without a packet after which a flow ends, by {@link FlowKind}. */
  readonly timeouts: readonly [number, number, number, number, number, number];
}

/** 131,072 flows; brief, closed, transient, reset, udp, established: 1 s to 300 s of silence. */
export const defaultFlowLimits: FlowLimits = {
  maxFlows: 1 << 17,
  timeouts: [1e9, 2e9, 5e9, 35e9, 60e9, 300e9],
};

/** Why a flow leaves the table. */
export type FlowEnd = 'idle' | 'evicted' | 'replaced' | 'finished';

const KINDS = 6;
const NONE = -1;
const FIRST_CAPACITY = 1024;

/**
 * The flow table: open addressing with linear probing over typed arrays. Nothing is allocated per
 * packet; a lookup touches one slot of `slots` and the key in most cases.
 *
 *     slots:   [ -, 7, 3, -, ... ]      flow number or -1; twice as many slots as flows, at least
 *     columns: key, hash, ...           by flow number; free numbers are chained through `newer`
 *     lists:   one a class, oldest at the head, linked through `older` and `newer`
 */
export class FlowTable {
  readonly columns: FlowColumns;
  /** Flows in the table. */
  count = 0;
  /** Flows that were ever put in. */
  created = 0;
  evicted = 0;
  /** Side that sent the packet of the last lookup: 0 or 1. */
  side: 0 | 1 = 0;
  /** Whether the last lookup made the flow. */
  isNew = false;
  private readonly limits: FlowLimits;
  private readonly onEnd: (flow: number, why: FlowEnd) => void;
  private readonly seed: number;
  private slots: Int32Array<ArrayBuffer>;
  private mask: number;
  private free = NONE;
  private used = 0;
  private readonly head = new Int32Array(KINDS).fill(NONE);
  private readonly tail = new Int32Array(KINDS).fill(NONE);
  private readonly probe = new Uint32Array(KEY_WORDS);

  /**
   * @param onEnd called before a flow leaves the table
   * @param seed of the hash, so that nobody can choose addresses that collide
   */
  constructor(limits: FlowLimits, onEnd: (flow: number, why: FlowEnd) => void, seed = 0) {
    this.limits = limits;
    this.onEnd = onEnd;
    this.seed = seed;
    const capacity = Math.min(FIRST_CAPACITY, Math.max(1, limits.maxFlows));
    this.columns = new FlowColumns(capacity);
    this.slots = new Int32Array(slotsFor(capacity)).fill(NONE);
    this.mask = this.slots.length - 1;
  }

  /** Number of the flow that a packet belongs to; made when it is new. Sets `side` and `isNew`. */
  lookup(d: PacketDecoder, now: number): number {
    const hash = this.fillProbe(d);
    let slot = hash & this.mask;
    for (;;) {
      const flow = this.slots[slot]!;
      if (flow === NONE) break;
      if (this.columns.hash[flow] === hash && this.sameKey(flow)) {
        this.isNew = false;
        return flow;
      }
      slot = (slot + 1) & this.mask;
    }
    this.isNew = true;
    return this.insert(hash, d.version === 6, now);
  }

  /** Notes that a flow was seen, and its class, which sets its time-out. */
  touch(flow: number, kind: FlowKind, now: number): void {
    this.columns.lastSeen[flow] = now;
    const old = this.columns.kind[flow]!;
    if (this.tail[kind] === flow) return;
    if (old !== NONE) this.unlink(flow, old);
    this.append(flow, kind);
  }

  /** Ends flows that were idle for longer than their class allows. */
  expire(now: number): void {
    for (let kind = 0; kind < KINDS; kind++) {
      const timeout = this.limits.timeouts[kind]!;
      for (;;) {
        const flow = this.head[kind]!;
        if (flow === NONE || now - this.columns.lastSeen[flow]! < timeout) break;
        this.remove(flow, 'idle');
      }
    }
  }

  /** Whether a number is that of a flow in the table. */
  isActive(flow: number): boolean {
    return this.columns.kind[flow] !== NONE && flow < this.used;
  }

  /** Ends every flow. */
  clear(): void {
    for (let kind = 0; kind < KINDS; kind++) {
      while (this.head[kind] !== NONE) this.remove(this.head[kind]!, 'finished');
    }
  }

  /** Takes a flow out of the table after `onEnd`. */
  remove(flow: number, why: FlowEnd): void {
    this.onEnd(flow, why);
    this.unlink(flow, this.columns.kind[flow]!);
    this.columns.kind[flow] = NONE;
    this.vacate(flow);
    this.columns.newer[flow] = this.free;
    this.free = flow;
    this.count--;
  }

  private fillProbe(d: PacketDecoder): number {
    const p = this.probe;
    const swap = this.compare(d) > 0;
    this.side = swap ? 1 : 0;
    if (swap) {
      p[0] = d.d0;
      p[1] = d.d1;
      p[2] = d.d2;
      p[3] = d.d3;
      p[4] = d.s0;
      p[5] = d.s1;
      p[6] = d.s2;
      p[7] = d.s3;
      p[8] = (d.destinationPort << 16) | d.sourcePort;
    } else {
      p[0] = d.s0;
      p[1] = d.s1;
      p[2] = d.s2;
      p[3] = d.s3;
      p[4] = d.d0;
      p[5] = d.d1;
      p[6] = d.d2;
      p[7] = d.d3;
      p[8] = (d.sourcePort << 16) | d.destinationPort;
    }
    p[9] = (d.interfaceId << 9) | (d.version === 6 ? 256 : 0) | d.protocol;
    let h = this.seed;
    if (d.version === 6) {
      h = mix(mix(h, p[0]!), p[4]!);
      h = mix(mix(h, p[1]!), p[5]!);
      h = mix(mix(h, p[2]!), p[6]!);
    }
    h = mix(h, p[3]!);
    h = mix(h, p[7]!);
    h = mix(h, p[8]!);
    h = mix(h, p[9]!);
    return (h ^ (h >>> 16)) >>> 0;
  }

  private compare(d: PacketDecoder): number {
    if (d.s0 !== d.d0) return d.s0 - d.d0;
    if (d.s1 !== d.d1) return d.s1 - d.d1;
    if (d.s2 !== d.d2) return d.s2 - d.d2;
    if (d.s3 !== d.d3) return d.s3 - d.d3;
    return d.sourcePort - d.destinationPort;
  }

  private sameKey(flow: number): boolean {
    const key = this.columns.key;
    const p = this.probe;
    const at = flow * KEY_WORDS;
    return (
      key[at + 3] === p[3] &&
      key[at + 7] === p[7] &&
      key[at + 8] === p[8] &&
      key[at + 9] === p[9] &&
      key[at] === p[0] &&
      key[at + 1] === p[1] &&
      key[at + 2] === p[2] &&
      key[at + 4] === p[4] &&
      key[at + 5] === p[5] &&
      key[at + 6] === p[6]
    );
  }

  private insert(hash: number, v6: boolean, now: number): number {
    if (this.count >= this.limits.maxFlows) this.evict();
    const flow = this.take();
    this.columns.hash[flow] = hash;
    this.columns.key.set(this.probe, flow * KEY_WORDS);
    this.columns.clear(flow, now);
    if (v6) this.columns.flags[flow] = FlowFlag.v6;
    this.columns.kind[flow] = NONE;
    this.place(flow, hash);
    this.count++;
    this.created++;
    return flow;
  }

  /** The longest idle flow of the first class that has one makes room. */
  private evict(): void {
    for (let kind = 0; kind < KINDS; kind++) {
      const flow = this.head[kind]!;
      if (flow === NONE) continue;
      this.evicted++;
      this.remove(flow, 'evicted');
      return;
    }
  }

  private take(): number {
    if (this.free !== NONE) {
      const flow = this.free;
      this.free = this.columns.newer[flow]!;
      return flow;
    }
    if (this.used === this.columns.capacity) this.grow();
    return this.used++;
  }

  private grow(): void {
    const capacity = Math.min(this.columns.capacity * 2, Math.max(1, this.limits.maxFlows));
    this.columns.grow(capacity);
    this.slots = new Int32Array(slotsFor(capacity)).fill(NONE);
    this.mask = this.slots.length - 1;
    for (let flow = 0; flow < this.used; flow++) this.place(flow, this.columns.hash[flow]!);
  }

  private place(flow: number, hash: number): void {
    let slot = hash & this.mask;
    while (this.slots[slot] !== NONE) slot = (slot + 1) & this.mask;
    this.slots[slot] = flow;
  }

  /** Empties a flow's slot and moves later ones of the run up, so that no tombstones are needed. */
  private vacate(flow: number): void {
    const { slots, mask } = this;
    let hole = this.columns.hash[flow]! & mask;
    while (slots[hole] !== flow) hole = (hole + 1) & mask;
    let slot = hole;
    for (;;) {
      slot = (slot + 1) & mask;
      const other = slots[slot]!;
      if (other === NONE) break;
      const home = this.columns.hash[other]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = other;
      hole = slot;
    }
    slots[hole] = NONE;
  }

  private append(flow: number, kind: number): void {
    const last = this.tail[kind]!;
    this.columns.kind[flow] = kind;
    this.columns.older[flow] = last;
    this.columns.newer[flow] = NONE;
    if (last === NONE) this.head[kind] = flow;
    else this.columns.newer[last] = flow;
    this.tail[kind] = flow;
  }

  private unlink(flow: number, kind: number): void {
    const older = this.columns.older[flow]!;
    const newer = this.columns.newer[flow]!;
    if (older === NONE) this.head[kind] = newer;
    else this.columns.newer[older] = newer;
    if (newer === NONE) this.tail[kind] = older;
    else this.columns.older[newer] = older;
  }
}

/** A power of two, at least twice the capacity. */
function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(8, capacity * 2)));
}

/** One round of murmur3's 32-bit mixing. */
function mix(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const x = h ^ k;
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) | 0;
}
