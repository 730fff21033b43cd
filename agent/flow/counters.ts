/*
 * What is counted of each flow: a block of 8-byte slots a flow, so that a packet touches few cache
 * lines. Slots of a side come twice, for side 0 and side 1.
 */

/** 64-bit floats of a side, as slots from its start. */
export const SideFloat = {
  /** Time of its last packet. */
  last: 0,
  /** Time of its first SYN or SYN-ACK. */
  handshake: 1,
  /** Bytes of frames and of payload in this period. */
  bytes: 2,
  payload: 3,
  /** Sums of delays in nanoseconds in this period. */
  rttSum: 4,
  srtSum: 5,
  artSum: 6,
} as const;

const SIDE_FLOATS = 7;

/** 32-bit words of a side, as words from the end of its floats. */
export const SideWord = {
  /** Sequence number and payload bytes (1 for a SYN) of its last packet. */
  sequence: 0,
  length: 1,
  /** First sequence number behind its SYN. */
  threshold: 2,
  /** Highest range of sequence numbers seen. */
  rangeStart: 3,
  rangeLength: 4,
  /** Bits of {@link Peer} and TCP flags sent. */
  flags: 5,
  /* Counts of this period. */
  packets: 6,
  retransmitted: 7,
  outOfOrder: 8,
  zeroWindows: 9,
  syn: 10,
  synAck: 11,
  synRetransmitted: 12,
  synAckRetransmitted: 13,
  fin: 14,
  rttCount: 15,
  srtCount: 16,
  artCount: 17,
  /** Longest delays in microseconds. */
  rttMax: 18,
  srtMax: 19,
  artMax: 20,
  /** Packets in all, for the close type. */
  total: 21,
} as const;

const SIDE_WORDS = 22;

/** Bits of `SideWord.flags`. */
export const Peer = {
  /** It has sent a packet. */
  seen: 1,
  synSeen: 2,
  thresholdKnown: 4,
  rttPossible: 8,
  fullRttPossible: 16,
  srtPossible: 32,
  artPossible: 64,
  /** Its last packet ended the handshake. */
  handshakeAck: 128,
  /** It has sent payload. */
  hasData: 256,
  /** TCP flags that it has sent, from this bit on. */
  sentShift: 16,
} as const;

/** Slots of a flow behind its sides. */
export const FlowFloat = {
  citSum: 0,
  fullRtt: 1,
  /** Times of the first packet of this period (NaN: none yet) and of the last of all. */
  from: 2,
  until: 3,
} as const;
const FLOW_FLOATS = 4;

/** 32-bit words of a flow, from the end of its floats. */
export const FlowWord = {
  citCount: 0,
  /** Microseconds. */
  citMax: 1,
  /** {@link import('./state.ts').FlowState}, handshake bit 8, new bit 9. */
  state: 2,
  /** Number of the minute that the counts are of. */
  minute: 3,
  /** Series of metrics that its packets count for. */
  series: 4,
  requests: 5,
  responses: 6,
  errors: 7,
  /** Index of the application protocol plus 1; 0 = not known. */
  protocol: 8,
} as const;

const FLOW_WORDS = 10;

const SIDE_SLOTS = SIDE_FLOATS + SIDE_WORDS / 2;
const FLOW_SLOTS = SIDE_SLOTS * 2 + FLOW_FLOATS + FLOW_WORDS / 2;

/** Bits of `FlowWord.state` beside the state. */
export const StateBit = { handshaking: 1 << 8, fresh: 1 << 9 } as const;

/** The counts of all flows. */
export class FlowCounters {
  floats: Float64Array<ArrayBuffer>;
  words: Uint32Array<ArrayBuffer>;
  private capacity: number;

  constructor(capacity = 1024) {
    this.capacity = capacity;
    this.floats = new Float64Array(capacity * FLOW_SLOTS);
    this.words = new Uint32Array(this.floats.buffer);
  }

  /** Bytes that a flow takes. */
  static readonly bytesPerFlow = FLOW_SLOTS * 8;

  /** First slot of a side. */
  side(flow: number, side: number): number {
    return flow * FLOW_SLOTS + side * SIDE_SLOTS;
  }

  /** First word of a side. */
  sideWords(flow: number, side: number): number {
    return (flow * FLOW_SLOTS + side * SIDE_SLOTS + SIDE_FLOATS) * 2;
  }

  flow(flow: number): number {
    return flow * FLOW_SLOTS + SIDE_SLOTS * 2;
  }

  flowWords(flow: number): number {
    return (flow * FLOW_SLOTS + SIDE_SLOTS * 2 + FLOW_FLOATS) * 2;
  }

  /** A flow begins. @param most flows that the table can hold at once */
  begin(flow: number, time: number, minute: number, most: number): void {
    if (flow >= this.capacity) this.grow(Math.max(flow + 1, Math.min(this.capacity * 2, most)));
    this.floats.fill(0, flow * FLOW_SLOTS, (flow + 1) * FLOW_SLOTS);
    this.floats[this.flow(flow) + FlowFloat.from] = Number.NaN;
    this.floats[this.flow(flow) + FlowFloat.until] = time;
    for (let side = 0; side <= 1; side++) {
      this.floats[this.side(flow, side) + SideFloat.last] = Number.NEGATIVE_INFINITY;
    }
    const w = this.flowWords(flow);
    this.words[w + FlowWord.minute] = minute;
    this.words[w + FlowWord.state] = StateBit.fresh;
  }

  /** A new period of a flow begins. */
  restart(flow: number, minute: number): void {
    const { floats, words } = this;
    for (let side = 0; side <= 1; side++) {
      const f = this.side(flow, side);
      floats.fill(0, f + SideFloat.bytes, f + SIDE_FLOATS);
      const w = this.sideWords(flow, side);
      words.fill(0, w + SideWord.packets, w + SideWord.total);
    }
    const f = this.flow(flow);
    floats[f + FlowFloat.citSum] = 0;
    floats[f + FlowFloat.fullRtt] = 0;
    floats[f + FlowFloat.from] = Number.NaN;
    const w = this.flowWords(flow);
    words[w + FlowWord.citCount] = 0;
    words[w + FlowWord.citMax] = 0;
    words[w + FlowWord.requests] = 0;
    words[w + FlowWord.responses] = 0;
    words[w + FlowWord.errors] = 0;
    words[w + FlowWord.minute] = minute;
    words[w + FlowWord.state]! &= ~StateBit.fresh;
  }

  private grow(capacity: number): void {
    this.capacity = capacity;
    const old = this.floats;
    this.floats = new Float64Array(capacity * FLOW_SLOTS);
    this.floats.set(old);
    this.words = new Uint32Array(this.floats.buffer);
  }
}
