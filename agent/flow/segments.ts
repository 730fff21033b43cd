/** What a data segment is, by the sequence numbers seen before it in its direction. */
export const Arrival = {
  /** Goes on where the data ended, or leaves a hole. */
  next: 0,
  /** Its first byte was seen before. */
  retransmitted: 1,
  /** Data behind it was seen before it. */
  outOfOrder: 2,
  /** Overlaps what is behind it: not to be relied on. */
  overlapping: 3,
  /** Says nothing: no data, or the sequence number is about to wrap. */
  ignored: 4,
} as const;

/** What one segment is; only `next` brings bytes that can be relied on as new. */
export type Arrival = (typeof Arrival)[keyof typeof Arrival];

const MOST = 16;
const HIGH = 0xc0000000;
const LOW = 0x40000000;
const END = 0x1_0000_0000;

/**
 * The ranges of sequence numbers seen in each direction of each flow, at most 15 a direction: with
 * a 16th the two lowest become one. The highest range, which is the only one as long as nothing is
 * missing, is kept by the caller: `top` and `length` are its two words; others are kept here.
 */
export class SegmentRanges {
  /** The highest range, in and out. */
  top = 0;
  length = 0;
  /** Lower ranges by direction of flow: [start, length, ...], descending. */
  private readonly lower = new Map<number, number[]>();

  forget(x: number): void {
    if (this.lower.size > 0) this.lower.delete(x);
  }

  /** @param x direction of flow; `top` and `length` have been set to its highest range */
  add(x: number, sequence: number, length: number): Arrival {
    if (length === 0 || sequence === 0) return Arrival.ignored;
    const end = sequence + length;
    if (this.length > 0) {
      if (this.top > HIGH && sequence < LOW) this.restart(x);
      else if (this.top < LOW && sequence > HIGH) return Arrival.ignored;
    }
    if (end >= END) return Arrival.ignored;
    if (this.length === 0) {
      this.top = sequence;
      this.length = length;
      return Arrival.next;
    }
    if (sequence >= this.top) return this.above(x, sequence, length);
    return this.below(x, sequence, length);
  }

  private restart(x: number): void {
    this.forget(x);
    this.length = 0;
  }

  private above(x: number, sequence: number, length: number): Arrival {
    const end = this.top + this.length;
    if (sequence < end) return Arrival.retransmitted;
    if (sequence === end) {
      this.length += length;
      return Arrival.next;
    }
    const lower = this.lower.get(x);
    if (lower === undefined) this.lower.set(x, [this.top, this.length]);
    else {
      lower.unshift(this.top, this.length);
      this.bound(lower);
    }
    this.top = sequence;
    this.length = length;
    return Arrival.next;
  }

  private below(x: number, sequence: number, length: number): Arrival {
    let lower = this.lower.get(x);
    let at = 0;
    while (lower !== undefined && at < lower.length && lower[at]! > sequence) at += 2;
    const hasLeft = lower !== undefined && at < lower.length;
    const leftEnd = hasLeft ? lower![at]! + lower![at + 1]! : -1;
    if (hasLeft && sequence < leftEnd) return Arrival.retransmitted;
    const right = at === 0 ? this.top : lower![at - 2]!;
    const end = sequence + length;
    if (end > right) return Arrival.overlapping;
    if (end === right) {
      this.joinRight(lower, at, sequence, length, leftEnd === sequence);
      if (lower !== undefined && lower.length === 0) this.lower.delete(x);
      return Arrival.outOfOrder;
    }
    if (leftEnd === sequence) lower![at + 1]! += length;
    else {
      if (lower === undefined) {
        lower = [];
        this.lower.set(x, lower);
      }
      lower.splice(at, 0, sequence, length);
      this.bound(lower);
    }
    return Arrival.outOfOrder;
  }

  /** The new range ends where one begins; perhaps it also begins where one ends. */
  private joinRight(
    lower: number[] | undefined,
    at: number,
    sequence: number,
    length: number,
    joinsLeft: boolean,
  ): void {
    let start = sequence;
    let added = length;
    if (joinsLeft) {
      start = lower![at]!;
      added += lower![at + 1]!;
      lower!.splice(at, 2);
    }
    if (at === 0) {
      this.top = start;
      this.length += added;
      return;
    }
    lower![at - 2] = start;
    lower![at - 1]! += added;
  }

  private bound(lower: number[]): void {
    if (lower.length / 2 + 1 < MOST) return;
    const n = lower.length;
    // The two lowest: the hole between them counts as seen.
    const end = lower[n - 4]! + lower[n - 3]!;
    lower[n - 4] = lower[n - 2]!;
    lower[n - 3] = end - lower[n - 2]!;
    lower.length = n - 2;
  }
}
