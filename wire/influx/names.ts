import { isUtf8 } from 'node:buffer';
import { ByteTable } from '../byte-table/byte-table.ts';
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
  readonly #table = new ByteTable();
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
    let place = this.#next;
    if (!this.#table.is(place, b, from, to, hash)) place = this.#table.find(b, from, to, hash);
    if (place < 0) return undefined;
    this.#next = place + 1;
    return this.#fields[place];
  }

  add(field: Field, b: Buffer, from: number, to: number, hash: number): void {
    this.#next = this.#table.add(b, from, to, hash) + 1;
    this.#fields.push(field);
  }
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
    if (!isUtf8(b.subarray(from, to))) return undefined;
    const text = unescapeName(b, from, to, true);
    const bound = boundOf(text);
    const role = Object.hasOwn(roles, text) ? roles[text]! : undefined;
    const field: Field = {
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
    measurement.add(field, b, from, to, hash);
    this.bytes += overhead + (to - from) * 3;
    return field;
  }
}

/** @returns NaN for what is no bound of a bucket; `+Inf` is one */
export function boundOf(text: string): number {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
