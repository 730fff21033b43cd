/**
 * Words of a flow's key: two addresses of four, two ports in one, protocol and interface in one.
 */
export const KEY_WORDS = 10;

/** Bits of `flags`. */
export const FlowFlag = {
  /** The client's side is known for sure (a SYN, or a payload that says so). */
  sideCertain: 1,
  /** Side 1 is the client; without it side 0 is. */
  clientIsOne: 2,
  /** Application data is no longer looked at. */
  ignored: 4,
  /** IPv6. */
  v6: 8,
} as const;

/** Bits of `sideFlags`. */
export const SideFlag = {
  /** `next` is valid. */
  started: 1,
  /** The start of the stream was seen (SYN). */
  fromStart: 2,
  /** FIN was seen at `finSequence`. */
  fin: 4,
  /** Everything up to the FIN has been handed on. */
  closed: 8,
  /** `acknowledged` is valid. */
  acknowledges: 16,
} as const;

/**
 * What is known of each flow, a typed array per property: about 140 bytes a flow. Properties of a
 * side are at `flow * 2 + side`; side 0 is the end with the smaller address and port.
 */
export class FlowColumns {
  capacity: number;
  key: Uint32Array<ArrayBuffer>;
  hash: Uint32Array<ArrayBuffer>;
  /** Neighbours in the list of flows of the same class, by the time they were last seen. */
  newer: Int32Array<ArrayBuffer>;
  older: Int32Array<ArrayBuffer>;
  /** Index into the classes of time-outs; -1 = unused. */
  kind: Int8Array<ArrayBuffer>;
  flags: Uint8Array<ArrayBuffer>;
  /** Nanoseconds since the engine's base. */
  firstSeen: Float64Array<ArrayBuffer>;
  lastSeen: Float64Array<ArrayBuffer>;
  sideFlags: Uint8Array<ArrayBuffer>;
  /** Next TCP sequence number to be handed on. */
  next: Uint32Array<ArrayBuffer>;
  /** Highest acknowledgement number that this side sent. */
  acknowledged: Uint32Array<ArrayBuffer>;
  /** Acknowledgement number of the last segment of this side that came in order. */
  inOrder: Uint32Array<ArrayBuffer>;
  initial: Uint32Array<ArrayBuffer>;
  finSequence: Uint32Array<ArrayBuffer>;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.key = new Uint32Array(capacity * KEY_WORDS);
    this.hash = new Uint32Array(capacity);
    this.newer = new Int32Array(capacity);
    this.older = new Int32Array(capacity);
    this.kind = new Int8Array(capacity).fill(-1);
    this.flags = new Uint8Array(capacity);
    this.firstSeen = new Float64Array(capacity);
    this.lastSeen = new Float64Array(capacity);
    this.sideFlags = new Uint8Array(capacity * 2);
    this.next = new Uint32Array(capacity * 2);
    this.acknowledged = new Uint32Array(capacity * 2);
    this.inOrder = new Uint32Array(capacity * 2);
    this.initial = new Uint32Array(capacity * 2);
    this.finSequence = new Uint32Array(capacity * 2);
  }

  /** Makes room for `capacity` flows, keeping what is there. */
  grow(capacity: number): void {
    const from = this.capacity;
    this.capacity = capacity;
    this.key = copied(new Uint32Array(capacity * KEY_WORDS), this.key);
    this.hash = copied(new Uint32Array(capacity), this.hash);
    this.newer = copied(new Int32Array(capacity), this.newer);
    this.older = copied(new Int32Array(capacity), this.older);
    this.kind = copied(new Int8Array(capacity), this.kind);
    this.kind.fill(-1, from);
    this.flags = copied(new Uint8Array(capacity), this.flags);
    this.firstSeen = copied(new Float64Array(capacity), this.firstSeen);
    this.lastSeen = copied(new Float64Array(capacity), this.lastSeen);
    this.sideFlags = copied(new Uint8Array(capacity * 2), this.sideFlags);
    this.next = copied(new Uint32Array(capacity * 2), this.next);
    this.acknowledged = copied(new Uint32Array(capacity * 2), this.acknowledged);
    this.inOrder = copied(new Uint32Array(capacity * 2), this.inOrder);
    this.initial = copied(new Uint32Array(capacity * 2), this.initial);
    this.finSequence = copied(new Uint32Array(capacity * 2), this.finSequence);
  }

  /** Resets everything but key, hash and lists. */
  clear(flow: number, now: number): void {
    this.flags[flow] = 0;
    this.firstSeen[flow] = now;
    for (let side = flow * 2; side <= flow * 2 + 1; side++) {
      this.sideFlags[side] = 0;
      this.next[side] = 0;
      this.acknowledged[side] = 0;
      this.inOrder[side] = 0;
      this.initial[side] = 0;
      this.finSequence[side] = 0;
    }
  }
}

function copied<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}
