import { isUtf8 } from 'node:buffer';
import { ByteTable, hashPrime, hashStart } from '../byte-table/byte-table.ts';
import { readFloat } from '../influx/numbers.ts';
import { rareNumber } from './rare-numbers.ts';
import { type MetricType, parseRest, type Rest } from './rest.ts';

/** What lines of one name, type and set of tags are about. */
export interface StatsdSeries {
  readonly name: string;
  readonly type: MetricType;
  /** Sorted by key; no key comes twice. */
  readonly attributes: readonly (readonly [key: string, value: string])[];
  /** The same for equal series. */
  readonly key: string;
}

/** How lines are read. */
export interface LineOptions {
  /** Whether an attribute `metric_type` says `counter`, `gauge`, `timing` ... */
  readonly metricType: boolean;
  /** Whether tags may have no value. */
  readonly simpleTags: boolean;
  /** A secret of this program, 32 bits: see `hashBytes`. */
  readonly random?: number;
}

interface Known extends Rest {
  readonly series: StatsdSeries;
}

const colon = 0x3a;
const pipe = 0x7c;

/** Bytes that one line may have. */
export const maxLineBytes = 65_527;

/** Names with their tags that are kept; beyond it all are forgotten. */
const maxKnown = 32_768;
const maxKnownBytes = 8 << 20;

/**
 * Reads lines of StatsD with the tags of DogStatsD: `name:value|type[|@rate][|#tag:value,...]`
 * (https://github.com/statsd/statsd/blob/master/docs/metric_types.md,
 * https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/). What a line says but its value
 * is looked up by its bytes; results stand in the parser until the next line.
 */
export class LineParser {
  series: StatsdSeries = { name: '', type: 'c', attributes: [], key: '' };
  value = 0;
  /** Whether the value has a sign: a gauge is changed by it then. */
  signed = false;
  /** Part of the events that were sent; 0 = it says nothing of that. */
  rate = 0;
  /** Seconds since 1970; 0 = none. */
  timestamp = 0;
  /** What a set counts. */
  member = '';
  readonly #options: LineOptions;
  readonly #scratch = Buffer.alloc(maxLineBytes);
  #table = new ByteTable();
  #known: Known[] = [];
  #bytes = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  /** Reads bytes [from, to). @returns why they are no line that is taken, or '' */
  parse(b: Buffer, from: number, to: number): string {
    if (to - from > maxLineBytes) return `more than ${maxLineBytes} bytes`;
    const s = this.#scratch;
    let hash = this.#options.random ?? hashStart;
    let p = from;
    for (; p < to; p += 1) {
      const c = b[p]!;
      if (c === colon || c === pipe) break;
      s[p - from] = c;
      hash = Math.imul(hash ^ c, hashPrime);
    }
    const nameEnd = p;
    const bar = b.indexOf(pipe, p);
    if (bar < 0 || bar >= to) return `invalid message format: ${quote(b, from, to)}`;
    if (b[p] !== colon) return noValue(b, from, bar);
    if (p === from) return 'empty metric name';
    if (bar === p + 1) return 'empty metric value';
    let length = p - from;
    for (p = bar; p < to; p += 1, length += 1) {
      const c = b[p]!;
      s[length] = c;
      hash = Math.imul(hash ^ c, hashPrime);
    }
    let number = this.#table.find(s, 0, length, hash);
    if (number < 0) {
      const made = this.#describe(b, from, nameEnd, bar, to);
      if (typeof made === 'string') return made;
      number = this.#remember(made, length, hash);
    }
    return this.#take(this.#known[number]!, b, nameEnd + 1, bar);
  }

  #take(known: Known, b: Buffer, from: number, to: number): string {
    this.series = known.series;
    this.rate = known.rate;
    this.timestamp = known.timestamp;
    if (known.series.type === 's') {
      this.member = b.toString('utf8', from, to);
      return '';
    }
    const sign = b[from];
    this.signed = sign === 0x2b || sign === 0x2d;
    let value = readFloat(b, sign === 0x2b && b[from + 1] !== 0x2d ? from + 1 : from, to);
    if (Number.isNaN(value)) value = rareNumber(b.toString('latin1', from, to));
    if (Number.isNaN(value)) return `parse metric value string: ${quote(b, from, to)}`;
    this.value = value;
    return '';
  }

  #describe(b: Buffer, from: number, nameEnd: number, bar: number, to: number): Known | string {
    if (!isUtf8(b.subarray(from, nameEnd)) || !isUtf8(b.subarray(bar, to))) return 'invalid UTF-8';
    const name = b.toString('utf8', from, nameEnd);
    const rest = parseRest(b.toString('utf8', bar + 1, to), this.#options);
    if (typeof rest === 'string') {
      return name.startsWith('_e{') ? 'events are not taken: they are no metrics' : rest;
    }
    const { type, attributes } = rest;
    const key = [name, type, ...attributes.flat()].join('\0');
    return { ...rest, series: { name, type, attributes, key } };
  }

  #remember(known: Known, length: number, hash: number): number {
    if (this.#known.length >= maxKnown || this.#bytes > maxKnownBytes) {
      this.#table = new ByteTable();
      this.#known = [];
      this.#bytes = 0;
    }
    this.#bytes += length * 4;
    this.#known.push(known);
    return this.#table.add(this.#scratch, 0, length, hash);
  }
}

function noValue(b: Buffer, from: number, bar: number): string {
  const text = quote(b, from, bar);
  if (text === '_sc') return 'service checks are not taken: they are no metrics';
  return `invalid <name>:<value> format: ${text}`;
}

function quote(b: Buffer, from: number, to: number): string {
  return b.toString('utf8', from, Math.min(to, from + 200));
}
