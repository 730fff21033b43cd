import { Writer } from '../../pdata/proto/writer.ts';
import { writeAttribute } from '../../pdata/values.ts';
import { ByteTable } from '../byte-table/byte-table.ts';
import type { LineReader } from './line-reader.ts';
import { boundOf, type Measurement, type Names } from './names.ts';
import { isResourceKey } from './resource-keys.ts';
import { readSeries, type SeriesFault } from './series-key.ts';

/** Resource and scope that series have in common. */
export interface Group {
  readonly id: number;
  /** Fields of a Resource. */
  readonly resource: Uint8Array;
  /** Fields of an InstrumentationScope. */
  readonly scope: Uint8Array;
}

/** Measurement and tags of lines. */
export interface Series {
  readonly measurement: Measurement;
  readonly group: Group;
  /** Attributes of a NumberDataPoint (field 7 each). */
  readonly attributes: Uint8Array;
  /** Tag `temporality=delta`. */
  readonly delta: boolean;
  /** Tag `metric_type=timing`: its fields are what StatsD made of times, not a histogram's. */
  readonly timing: boolean;
  /** What a series of the measurement `prometheus` says by its tags `le` and `quantile`. */
  readonly part: HistogramPart | undefined;
}

/** A bucket or quantile of a histogram or summary that has a series for each. */
export interface HistogramPart {
  /** NaN = there is no such tag, or it is no number. */
  readonly le: number;
  readonly quantile: number;
  /** The attributes without these tags, and as a key. */
  readonly attributes: Uint8Array;
  readonly key: string;
}

const overhead = 600;

/** Series by the bytes that lines begin with. */
export class SeriesTable {
  readonly all: Series[] = [];
  /** About the bytes of memory that all take. */
  bytes = 0;
  readonly #names: Names;
  readonly #groups = new Map<string, Group>();
  readonly #writer = new Writer(1024);
  #table = new ByteTable();
  /** The group of series without resource and scope. */
  #plain: Group | undefined;

  constructor(names: Names) {
    this.#names = names;
  }

  clear(): void {
    this.all.length = 0;
    this.#groups.clear();
    this.#plain = undefined;
    this.#table = new ByteTable();
    this.bytes = 0;
  }

  /** Number of the series of the reader's line, or why it is none. */
  find(reader: LineReader): number | SeriesFault {
    const { bytes: b, start, seriesEnd, seriesHash } = reader;
    const known = this.#table.find(b, start, seriesEnd, seriesHash);
    if (known >= 0) return known;
    const key = readSeries(b, start, seriesEnd);
    if ('fault' in key) return key;
    const measurement = this.#names.measurement(key.measurement);
    this.all.push(this.#describe(measurement, key.tags));
    this.bytes += overhead + (seriesEnd - start) * 3;
    return this.#table.add(b, start, seriesEnd, seriesHash);
  }

  #describe(measurement: Measurement, tags: readonly (readonly [string, string])[]): Series {
    const w = this.#writer;
    const points: [string, string][] = [];
    const resource: [string, string][] = [];
    let [name, version, delta, timing] = ['', '', false, false];
    for (const [key, value] of tags) {
      if (key === 'otel.library.name') name = value;
      else if (key === 'otel.library.version') version = value;
      else if (isResourceKey(key)) resource.push([key, value]);
      else if (key === 'temporality' && value === 'delta') delta = true;
      else points.push([key, value]);
      if (key === 'metric_type' && value === 'timing') timing = true;
    }
    return {
      measurement,
      group: this.#group(resource, name, version),
      attributes: attributesOf(w, 7, points),
      delta,
      timing,
      part: measurement.isPrometheus ? partOf(w, points) : undefined,
    };
  }

  #group(resource: readonly [string, string][], name: string, version: string): Group {
    const plain = resource.length === 0 && name === '' && version === '';
    if (plain && this.#plain !== undefined) return this.#plain;
    const w = this.#writer;
    const attributes = attributesOf(w, 1, resource);
    if (name !== '') w.stringField(1, name);
    if (version !== '') w.stringField(2, version);
    const scope = w.take();
    const key = `${attributes.length} ${latin1(attributes)}${latin1(scope)}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const made = { id: this.#groups.size, resource: attributes, scope };
    this.#groups.set(key, made);
    if (plain) this.#plain = made;
    this.bytes += overhead + key.length * 2;
    return made;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

function attributesOf(w: Writer, field: number, pairs: readonly [string, string][]): Uint8Array {
  for (const [key, value] of pairs) writeAttribute(w, field, key, value);
  return w.take();
}

function partOf(w: Writer, points: readonly [string, string][]): HistogramPart {
  const tag = (name: string) => boundOf(points.find(([key]) => key === name)?.[1] ?? '');
  const [le, quantile] = [tag('le'), tag('quantile')];
  const rest = points.filter(
    ([key]) => (key !== 'le' || Number.isNaN(le)) && (key !== 'quantile' || Number.isNaN(quantile)),
  );
  const attributes = attributesOf(w, 7, rest);
  return { le, quantile, attributes, key: latin1(attributes) };
}
