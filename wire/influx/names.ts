import { isUtf8 } from 'node:buffer';
import { unescapeName } from './series-key.ts';

/** What a field may be by its name in the schema that Telegraf's Prometheus input has. */
export const Role = {
  other: 0,
  gauge: 1,
  counter: 2,
  count: 3,
  sum: 4,
  startTime: 5,
  bound: 6,
} as const;
export type Role = (typeof Role)[keyof typeof Role];

const roles: Readonly<Record<string, Role>> = {
  gauge: Role.gauge,
  counter: Role.counter,
  count: Role.count,
  sum: Role.sum,
  start_time: Role.startTime,
};

/** A metric's name, one object for each text. */
export interface MetricName {
  readonly text: string;
  /** UTF-8. */
  readonly bytes: Uint8Array;
}

/** A field of a measurement. */
export interface Field {
  /** The name as it stands in lines, escapes included. */
  readonly raw: Uint8Array;
  readonly text: string;
  readonly role: Role;
  /** Upper bound that the name says; NaN when it is no number. */
  readonly bound: number;
  /** `measurement_field`. */
  readonly metric: MetricName;
  /** The field's name alone. */
  readonly own: MetricName;
  /** Where {@link metric} was last found: a chunk of output, a group in it, a kind, its place. */
  epoch: number;
  group: number;
  kind: number;
  place: number;
}

/** What is known of a measurement. */
export class Measurement {
  readonly name: MetricName;
  /** The second schema of Telegraf's Prometheus input: names of metrics stand in the fields. */
  readonly isPrometheus: boolean;
  readonly #fields: Field[] = [];
  #hashes = new Int32Array(8);
  /** Open addresses: places of fields + 1. */
  #slots = new Int32Array(32);
  #next = 0;

  constructor(name: MetricName) {
    this.name = name;
    this.isPrometheus = name.text === 'prometheus';
  }

  /**
   * The field whose name is bytes [from, to). Fields of a measurement often come in one order,
   * beginning anywhere: the one after the field asked for last is tried first.
   * @param hash that LineReader has of the bytes
   * @returns undefined for one that is not known yet
   */
  find(b: Buffer, from: number, to: number, hash: number): Field | undefined {
    if (this.#next >= this.#fields.length) this.#next = 0;
    const expected = this.#fields[this.#next];
    if (expected === undefined) return undefined;
    if (this.#hashes[this.#next] === hash && sameBytes(expected.raw, b, from, to)) {
      this.#next += 1;
      return expected;
    }
    const mask = this.#slots.length - 1;
    for (let slot = placeOf(hash) & mask; ; slot = (slot + 1) & mask) {
      const place = this.#slots[slot]! - 1;
      if (place < 0) return undefined;
      const field = this.#fields[place]!;
      if (this.#hashes[place] !== hash || !sameBytes(field.raw, b, from, to)) continue;
      this.#next = place + 1;
      return field;
    }
  }

  add(field: Field, hash: number): void {
    const place = this.#fields.length;
    this.#fields.push(field);
    this.#next = place + 1;
    if (place === this.#hashes.length) {
      const hashes = new Int32Array(place * 2);
      hashes.set(this.#hashes);
      this.#hashes = hashes;
      this.#slots = new Int32Array(place * 8);
      for (let i = 0; i < place; i += 1) this.#put(i);
    }
    this.#hashes[place] = hash;
    this.#put(place);
  }

  #put(place: number): void {
    const mask = this.#slots.length - 1;
    let slot = placeOf(this.#hashes[place]!) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = place + 1;
  }
}

/** The high bits of a hash, too. */
function placeOf(hash: number): number {
  return hash ^ (hash >>> 15);
}

function sameBytes(a: Uint8Array, b: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (a.length !== length) return false;
  for (let i = 0; i < length; i += 1) if (a[i] !== b[from + i]) return false;
  return true;
}

/** About what a field or a measurement takes in memory besides its texts. */
const overhead = 400;

/** Measurements, fields and metric names by their texts. */
export class Names {
  #metrics = new Map<string, MetricName>();
  #measurements = new Map<string, Measurement>();
  /** About the bytes of memory that all take. */
  bytes = 0;

  clear(): void {
    this.#metrics = new Map();
    this.#measurements = new Map();
    this.bytes = 0;
  }

  metric(text: string): MetricName {
    const known = this.#metrics.get(text);
    if (known !== undefined) return known;
    const made = { text, bytes: Buffer.from(text) };
    this.#metrics.set(text, made);
    this.bytes += overhead / 2 + text.length * 3;
    return made;
  }

  measurement(text: string): Measurement {
    const known = this.#measurements.get(text);
    if (known !== undefined) return known;
    const made = new Measurement(this.metric(text));
    this.#measurements.set(text, made);
    this.bytes += overhead;
    return made;
  }

  /** The field whose name is bytes [from, to). @returns undefined when they are no UTF-8 */
  field(
    measurement: Measurement,
    b: Buffer,
    from: number,
    to: number,
    hash: number,
  ): Field | undefined {
    const known = measurement.find(b, from, to, hash);
    if (known !== undefined) return known;
    const raw = b.subarray(from, to);
    if (!isUtf8(raw)) return undefined;
    const text = unescapeName(b, from, to, true);
    const bound = boundOf(text);
    const role = Object.hasOwn(roles, text) ? roles[text]! : undefined;
    const field: Field = {
      raw: Uint8Array.from(raw),
      text,
      role: role ?? (Number.isNaN(bound) ? Role.other : Role.bound),
      bound,
      metric: this.metric(`${measurement.name.text}_${text}`),
      own: this.metric(text),
      epoch: -1,
      group: -1,
      kind: -1,
      place: -1,
    };
    measurement.add(field, hash);
    this.bytes += overhead + raw.length * 3;
    return field;
  }
}

/** @returns NaN for what is no bound of a bucket; `+Inf` is one */
export function boundOf(text: string): number {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
