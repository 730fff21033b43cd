/** Types of RESP values by their first byte (https://redis.io/docs/latest/develop/reference/protocol-spec/). */
export const Type = {
  simple: 0x2b,
  error: 0x2d,
  integer: 0x3a,
  bulk: 0x24,
  array: 0x2a,
  null: 0x5f,
  boolean: 0x23,
  double: 0x2c,
  bigNumber: 0x28,
  bulkError: 0x21,
  verbatim: 0x3d,
  map: 0x25,
  set: 0x7e,
  push: 0x3e,
  attribute: 0x7c,
} as const;

const CR = 13;
const LF = 10;
const MAX_DEPTH = 64;
/** Elements and bytes that a value may announce. */
const MAX_COUNT = 2 ** 32;
const MAX_LINE = 1 << 20;

const State = { type: 0, length: 1, line: 2, bulk: 3, bulkEnd: 4 } as const;

/** Takes the values at the top of a direction. */
export interface ValueTaker {
  /** Whether bytes that are no value are a command in a line. */
  readonly inline: boolean;
  /** A value begins. */
  begin(type: number, sequence: number, acknowledgement: number, time: number): void;
  /** Bytes [start, end) of it. */
  bytes(b: Uint8Array, start: number, end: number, time: number): void;
  /** `count` bytes of it that were not captured. */
  missing(count: number, time: number): void;
  /** It is over. */
  end(): void;
}

/** Cuts one direction into values. Contents are passed over by their length, also where missing. */
export class ValueStream {
  /** Boundaries are not known. */
  lost = false;
  private readonly taker: ValueTaker;
  private state: number = State.type;
  private type = 0;
  /** Elements still to come, of each value around the one that is read. */
  private readonly counts: number[] = [];
  /** Of a bulk string. */
  private left = 0;
  private digits = 0;
  private number = 0;
  private negative = false;
  private line = 0;
  /** A value was begun and is not over. */
  private inside = false;

  constructor(taker: ValueTaker) {
    this.taker = taker;
  }

  get between(): boolean {
    return !this.inside;
  }

  restart(): void {
    this.lost = false;
    this.reset();
  }

  lose(): void {
    this.lost = true;
    this.reset();
  }

  /** @returns false when bytes are no values: the stream is lost */
  data(
    b: Uint8Array,
    start: number,
    end: number,
    sequence: number,
    acknowledgement: number,
    time: number,
  ): boolean {
    let at = start;
    let from = start;
    while (at < end) {
      if (!this.inside) {
        const c = b[at]!;
        if (this.taker.inline && (c === CR || c === LF)) {
          at++;
          continue;
        }
        from = at;
        this.inside = true;
        this.taker.begin(c, (sequence + at - start) >>> 0, acknowledgement, time);
      }
      at = this.read(b, at, end);
      if (at < 0) {
        this.lose();
        return false;
      }
      if (!this.inside) {
        this.taker.bytes(b, from, at, time);
        this.taker.end();
        if (this.lost) return true;
      }
    }
    if (this.inside) this.taker.bytes(b, from, end, time);
    return true;
  }

  /** Bytes that were not captured. @returns how many are of nothing known: boundaries are lost */
  gap(length: number, time: number): number {
    if (!this.inside || (this.state !== State.bulk && this.state !== State.bulkEnd)) return length;
    const whole = this.state === State.bulk ? this.left + 2 : this.left;
    const taken = Math.min(whole, length);
    this.taker.missing(taken, time);
    if (taken === whole) {
      this.valueOver();
      if (!this.inside) this.taker.end();
    } else if (this.state === State.bulk && taken < this.left) {
      this.left -= taken;
    } else {
      this.left = whole - taken;
      this.state = State.bulkEnd;
    }
    return length - taken;
  }

  private reset(): void {
    this.state = State.type;
    this.counts.length = 0;
    this.inside = false;
  }

  /** Reads on until a value at the top is over. @returns where it stopped, -1 = no value */
  private read(b: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.inside) {
      switch (this.state) {
        case State.type:
          if (!this.typeByte(b[at]!)) return -1;
          at++;
          break;
        case State.length:
          if (!this.lengthByte(b[at]!)) return -1;
          at++;
          break;
        case State.line:
          at = this.lineBytes(b, at, end);
          break;
        case State.bulk: {
          const taken = Math.min(this.left, end - at);
          this.left -= taken;
          at += taken;
          if (this.left === 0) {
            this.state = State.bulkEnd;
            this.left = 2;
          }
          break;
        }
        default:
          if (b[at] !== (this.left === 2 ? CR : LF)) return -1;
          at++;
          if (--this.left === 0) this.valueOver();
      }
    }
    return at;
  }

  private typeByte(c: number): boolean {
    this.type = c;
    this.digits = 0;
    this.number = 0;
    this.negative = false;
    this.line = 1;
    switch (c) {
      case Type.bulk:
      case Type.array:
        this.state = State.length;
        return true;
      case Type.bulkError:
      case Type.verbatim:
      case Type.map:
      case Type.set:
      case Type.push:
      case Type.attribute:
        this.state = State.length;
        return !this.taker.inline;
      case Type.simple:
      case Type.error:
      case Type.integer:
      case Type.null:
      case Type.boolean:
      case Type.double:
      case Type.bigNumber:
        this.state = State.line;
        return !this.taker.inline;
      default:
        this.state = State.line;
        return this.taker.inline && this.counts.length === 0 && c >= 0x20;
    }
  }

  private lengthByte(c: number): boolean {
    if (c >= 0x30 && c <= 0x39) {
      this.number = this.number * 10 + c - 0x30;
      return ++this.digits <= 10;
    }
    if (c === 0x2d && this.digits === 0 && !this.negative) {
      this.negative = true;
      return true;
    }
    if (c === CR) return this.digits > 0 && this.line++ === 1;
    if (c !== LF || this.line !== 2) return false;
    return this.announced();
  }

  private announced(): boolean {
    const n = this.negative ? -1 : this.number;
    if (n > MAX_COUNT) return false;
    this.state = State.type;
    switch (this.type) {
      case Type.bulk:
      case Type.bulkError:
      case Type.verbatim:
        if (n < 0) {
          this.valueOver();
        } else {
          this.left = n === 0 ? 2 : n;
          this.state = n === 0 ? State.bulkEnd : State.bulk;
        }
        return true;
      case Type.map:
        return this.open(n * 2);
      case Type.attribute:
        // What it says something about comes after it.
        return this.open(n * 2 + 1);
      default:
        return this.open(n);
    }
  }

  private open(count: number): boolean {
    if (count <= 0) {
      this.valueOver();
      return true;
    }
    this.counts.push(count);
    return this.counts.length <= MAX_DEPTH;
  }

  private lineBytes(b: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && b[at] !== LF) at++;
    this.line += at - start;
    if (this.line > MAX_LINE) return -1;
    if (at === end) return end;
    this.valueOver();
    return at + 1;
  }

  private valueOver(): void {
    this.state = State.type;
    const { counts } = this;
    while (counts.length > 0) {
      const last = counts.length - 1;
      if (--counts[last]! > 0) return;
      counts.pop();
    }
    this.inside = false;
  }
}
