import { Writer } from '../../../../pdata/proto/writer.ts';
import { utf8 } from '../../../../pdata/readers/value-view.ts';
import { ByteTable, hashBytes } from '../../../byte-table/byte-table.ts';
import type { Group } from './group.ts';
import type { Labels } from './labels.ts';
import type { Place } from './layout.ts';

/** A series as it is stored: with the labels of its target, relabeled. */
export class Series {
  /** Number of the scrape that it was last seen in, where its end is told. */
  seen = 0;
  /** Whether its last sample was a native histogram. */
  native = false;
  /** Where its samples go; see Layout. */
  place: Place | undefined;
  group: Group | undefined;
  /** Upper bound or quantile of its samples. */
  bound = 0;
  #table: SeriesTable;
  #number: number;

  constructor(table: SeriesTable, number: number) {
    this.#table = table;
    this.#number = number;
  }

  /** Read anew each time: they are asked for when a series comes first. */
  get labels(): Labels {
    return this.#table.labels(this.#number);
  }

  /** Has samples of another kind from now on: they go elsewhere. */
  become(native: boolean): void {
    this.native = native;
    this.place = undefined;
  }

  /** Moves to another table, which has no series of these labels yet. */
  moveTo(table: SeriesTable): void {
    const number = table.add(this, this.labels);
    this.#table = table;
    this.#number = number;
  }
}

/** Series by their labels, which are held as bytes: texts are a multiple of that. */
export class SeriesTable {
  readonly #table = new ByteTable();
  readonly #list: Series[] = [];
  readonly #writer = new Writer(256);
  readonly #seed: number;

  /** @param seed a secret; see KnownSeries */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  get size(): number {
    return this.#list.length;
  }

  /** The series of labels, which is made where there is none. */
  get(labels: Labels): Series {
    const hash = this.#write(labels);
    const { bytes, length } = this.#writer;
    const known = this.#table.find(bytes, 0, length, hash);
    if (known >= 0) return this.#list[known]!;
    const series = new Series(this, this.#table.add(bytes, 0, length, hash));
    this.#list.push(series);
    return series;
  }

  /** Adds a series with labels that are not known. @returns its number */
  add(series: Series, labels: Labels): number {
    const hash = this.#write(labels);
    this.#list.push(series);
    return this.#table.add(this.#writer.bytes, 0, this.#writer.length, hash);
  }

  /** @returns their hash */
  #write(labels: Labels): number {
    const w = this.#writer;
    w.length = 0;
    for (const text of labels) w.string(text);
    return hashBytes(w.bytes, 0, w.length, this.#seed);
  }

  labels(number: number): Labels {
    const { keys } = this.#table;
    const end = this.#table.end(number);
    const labels: string[] = [];
    for (let at = this.#table.start(number); at < end; ) {
      let length = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = keys[at]!;
        at += 1;
        length += (byte & 127) * scale;
        if (byte < 128) break;
      }
      labels.push(utf8(keys, at, at + length));
      at += length;
    }
    return labels;
  }
}
