import type { AttributeList } from '../attribute-list.ts';
import { ByteBuffer } from '../byte-buffer.ts';
import { Dictionary } from '../dictionary.ts';
import { u32At } from '../message.ts';
import { appendText } from '../smart/sets.ts';

/** Limits of {@link SeriesCache}. */
export interface SeriesLimits {
  /** Series remembered; beyond, all are forgotten and found anew (rows are written again). */
  readonly remembered: number;
  /** Bytes of what they are known by. */
  readonly bytes: number;
}

const defaultSeriesLimits: SeriesLimits = {
  remembered: 500_000,
  bytes: 128 * 1024 * 1024,
};

const NEVER = -1;

/**
 * What the writer knows of series, by a number that is given at first sight of their bytes. Numbers
 * hold until `makeRoom` forgets them.
 */
export class SeriesCache {
  readonly #limits: SeriesLimits;
  readonly #seen = new Dictionary();
  readonly #heads = new Dictionary();
  readonly #probe = new ByteBuffer(512);
  /** The series that came after each: scrapes come in the same order again and again. */
  #next = new Int32Array(1024);
  #last = 0;
  /** Rises each time that all is forgotten. */
  epoch = 0;
  /** Halves of the id. */
  idLow = new Uint32Array(1024);
  idHigh = new Uint32Array(1024);
  /** Hash of what was said of its metric last, beside what it is known by. */
  said = new Int32Array(1024);
  /** Largest scale of its values, 0 to 15. */
  scale = new Uint8Array(1024);
  /** Values in a row that no scale gave. */
  misses = new Uint8Array(1024);
  /** Day whose row of the series is known to be stored. */
  storedDay = new Int32Array(1024).fill(NEVER);
  /** Day whose row of the series is stored, or has been promised by something that is queued. */
  promisedDay = new Int32Array(1024).fill(NEVER);
  /** Sealed batch and day whose row of the series is among the rows to be written. */
  batch = new Int32Array(1024).fill(NEVER);
  batchDay = new Int32Array(1024).fill(NEVER);

  constructor(limits: SeriesLimits = defaultSeriesLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#seen.size;
  }

  /** Forgets everything where there is too much. To be called between metrics. */
  makeRoom(): void {
    const bytes = this.#seen.content.length + this.#heads.content.length;
    if (this.#seen.size < this.#limits.remembered && bytes < this.#limits.bytes) return;
    this.epoch++;
    this.#seen.reset();
    this.#heads.reset();
    this.#last = 0;
    this.said.fill(0);
    this.scale.fill(0);
    this.misses.fill(0);
    this.storedDay.fill(NEVER);
    this.promisedDay.fill(NEVER);
    this.batch.fill(NEVER);
  }

  /** The number of what all series of one metric share. */
  head(bytes: ByteBuffer): number {
    return this.#heads.id(bytes.bytes, 0, bytes.length);
  }

  /** The number of the series of a metric with these attributes, in this order; new: `size`. */
  find(head: number, b: Uint8Array, list: AttributeList): number {
    let found = this.#next[this.#last]!;
    if (!this.#is(found, head, b, list)) {
      const probe = this.#probe;
      probe.length = 0;
      probe.u32(head);
      for (let i = 0; i < list.count; i++) {
        appendText(probe, b, list.keyStart[i]!, list.keyEnd[i]!);
        appendText(probe, b, list.valueStart[i]!, list.valueEnd[i]!);
      }
      found = this.#seen.id(probe.bytes, 0, probe.length);
      if (found === this.idLow.length) this.#grow();
      this.#next[this.#last] = found;
    }
    this.#last = found;
    return found;
  }

  /** Whether series `id` is this one: the bytes of the probe are compared without being made. */
  #is(id: number, head: number, b: Uint8Array, list: AttributeList): boolean {
    const seen = this.#seen;
    if (id >= seen.size) return false;
    const { bytes } = seen.content;
    const from = seen.start[id]!;
    const end = seen.end[id]!;
    if (u32At(bytes, from) !== head) return false;
    let at = from + 4;
    for (let i = 0; i < list.count; i++) {
      at = textEnd(bytes, at, b, list.keyStart[i]!, list.keyEnd[i]!);
      if (at === -1) return false;
      at = textEnd(bytes, at, b, list.valueStart[i]!, list.valueEnd[i]!);
      if (at === -1) return false;
    }
    return at === end;
  }

  /**
   * Notes what is said of a series' metric now: where that is something else, it has no row of any
   * day that says so.
   */
  say(series: number, said: number): void {
    if (this.said[series] === said) return;
    this.said[series] = said;
    this.storedDay[series] = NEVER;
    this.promisedDay[series] = NEVER;
    this.batch[series] = NEVER;
  }

  #grow(): void {
    const from = this.idLow.length;
    this.#next = grown(this.#next, new Int32Array(from * 2));
    this.idLow = grown(this.idLow, new Uint32Array(from * 2));
    this.idHigh = grown(this.idHigh, new Uint32Array(from * 2));
    this.said = grown(this.said, new Int32Array(from * 2));
    this.scale = grown(this.scale, new Uint8Array(from * 2));
    this.misses = grown(this.misses, new Uint8Array(from * 2));
    this.storedDay = grown(this.storedDay, new Int32Array(from * 2).fill(NEVER));
    this.promisedDay = grown(this.promisedDay, new Int32Array(from * 2).fill(NEVER));
    this.batch = grown(this.batch, new Int32Array(from * 2).fill(NEVER));
    this.batchDay = grown(this.batchDay, new Int32Array(from * 2).fill(NEVER));
  }
}

/**
 * Where a varint length and bytes `[start, end)` of `b` end that stand at `at` of `bytes`; -1 when
 * something else does, also where `bytes` is over.
 */
function textEnd(bytes: Uint8Array, at: number, b: Uint8Array, start: number, end: number): number {
  let p = at;
  let length = end - start;
  for (; length > 127; length >>>= 7) if (bytes[p++] !== ((length & 127) | 128)) return -1;
  if (bytes[p++] !== length) return -1;
  for (let i = start; i < end; i++) if (bytes[p++] !== b[i]) return -1;
  return p;
}

function grown<T extends Uint8Array | Int32Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
