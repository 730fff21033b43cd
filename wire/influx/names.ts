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
/** The part that a field has in a metric; `bound` is a bucket's or quantile's. */
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
  /** The name as it stands in lines, a character each byte, and its hash. */
  readonly raw: string;
  readonly hash: number;
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

/** Fields that are looked through; more go into a table. */
const fewFields = 8;

/** What is known of a measurement. */
export class Measurement {
  readonly name: MetricName;
  /** The second schema of Telegraf's Prometheus input: names of metrics stand in the fields. */
  readonly isPrometheus: boolean;
  readonly #fields: Field[] = [];
  #table: ByteTable | undefined;
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
    const fields = this.#fields;
    if (this.#next >= fields.length) this.#next = 0;
    const expected = fields[this.#next];
    if (expected === undefined) return undefined;
    if (isField(expected, b, from, to, hash)) {
      this.#next += 1;
      return expected;
    }
    const place = this.#table?.find(b, from, to, hash) ?? this.#look(b, from, to, hash);
    if (place < 0) return undefined;
    this.#next = place + 1;
    return fields[place];
  }

  #look(b: Buffer, from: number, to: number, hash: number): number {
    const fields = this.#fields;
    for (let i = 0; i < fields.length; i += 1) {
      if (isField(fields[i]!, b, from, to, hash)) return i;
    }
    return -1;
  }

  add(field: Field, b: Buffer, from: number, to: number): void {
    const fields = this.#fields;
    fields.push(field);
    this.#next = fields.length;
    if (this.#table !== undefined) this.#table.add(b, from, to, field.hash);
    else if (fields.length > fewFields) {
      this.#table = new ByteTable();
      for (const { raw, hash } of fields) {
        const bytes = Buffer.from(raw, 'latin1');
        this.#table.add(bytes, 0, bytes.length, hash);
      }
    }
  }
}

function isField(field: Field, b: Buffer, from: number, to: number, hash: number): boolean {
  const { raw } = field;
  const length = to - from;
  if (field.hash !== hash || raw.length !== length) return false;
  for (let i = 0; i < length; i += 1) if (raw.charCodeAt(i) !== b[from + i]) return false;
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
    if (!isUtf8(b.subarray(from, to))) return undefined;
    const text = unescapeName(b, from, to, true);
    const bound = boundOf(text);
    const role = Object.hasOwn(roles, text) ? roles[text]! : undefined;
    const field: Field = {
      raw: b.toString('latin1', from, to),
      hash,
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
    measurement.add(field, b, from, to);
    this.bytes += overhead + (to - from) * 3;
    return field;
  }
}

/** @returns NaN for what is no bound of a bucket; `+Inf` is one */
export function boundOf(text: string): number {
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  return /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
