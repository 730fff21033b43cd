import type { Writer } from '../../../../pdata/proto/writer.ts';
import { Nanoseconds } from '../../otlp/time.ts';
import type { Group } from './group.ts';
import { putUnsigned } from './put-unsigned.ts';
import { putExemplars } from './write-exemplar.ts';
import { putNative } from './write-native.ts';

/** Writes points; keeps the time that many of them share. */
export class PointFields {
  /** Holds the attributes of groups. */
  attributes: Uint8Array = new Uint8Array(0);
  readonly #time = new Nanoseconds();
  readonly #w: Writer;

  constructor(writer: Writer) {
    this.#w = writer;
  }

  number(group: Group, sum: boolean): void {
    this.#times(group, sum);
    const w = this.#w;
    if (group.stale) w.uintField(8, 1);
    else w.doubleField(4, group.value);
    this.#attributes(group);
    if (group.exemplars !== undefined) putExemplars(w, 5, group.exemplars, this.#time);
  }

  histogram(group: Group): void {
    this.#times(group, true);
    const w = this.#w;
    const { stale } = group;
    const parts = group.parts!;
    parts.sortBounds(stale);
    const { bounds, values, count } = parts;
    const last = parts.width - 1;
    const width = last >= 0 && bounds[last] === Number.POSITIVE_INFINITY ? last : parts.width;
    if (stale) w.uintField(10, 1);
    else {
      w.tag(4, 1);
      putUnsigned(w, count);
      if (parts.hasSum) w.doubleField(5, parts.sum);
    }
    const counts = w.open(6, 2);
    for (let i = 0; i <= width; i += 1) {
      const upTo = i < width ? values[i]! : count;
      putUnsigned(w, stale ? 0 : i === 0 ? upTo : upTo - values[i - 1]!);
    }
    w.close(counts);
    if (width > 0) {
      const at = w.open(7, 2);
      for (let i = 0; i < width; i += 1) w.double(bounds[i]!);
      w.close(at);
    }
    this.#attributes(group);
    if (group.exemplars !== undefined) putExemplars(w, 8, group.exemplars, this.#time);
  }

  summary(group: Group): void {
    this.#times(group, true);
    const w = this.#w;
    const parts = group.parts!;
    parts.sortBounds(group.stale);
    if (group.stale) w.uintField(8, 1);
    else {
      w.tag(4, 1);
      putUnsigned(w, parts.count);
      if (parts.hasSum) w.doubleField(5, parts.sum);
    }
    for (let i = 0; i < parts.width; i += 1) {
      const at = w.open(6);
      w.doubleField(1, parts.bounds[i]!);
      if (!group.stale) w.doubleField(2, parts.values[i]!);
      w.close(at);
    }
    this.#attributes(group);
  }

  exponential(group: Group): void {
    this.#times(group, true);
    const w = this.#w;
    if (group.stale) w.uintField(10, 1);
    else if (group.parts?.native !== undefined) putNative(w, group.parts.native);
    this.#attributes(group);
    if (group.exemplars !== undefined) putExemplars(w, 11, group.exemplars, this.#time);
  }

  #attributes({ from, to }: Group): void {
    const w = this.#w;
    const { attributes } = this;
    w.need(to - from);
    const { bytes } = w;
    let p = w.length;
    for (let i = from; i < to; i += 1, p += 1) bytes[p] = attributes[i]!;
    w.length = p;
  }

  #times(group: Group, started: boolean): void {
    const w = this.#w;
    const time = this.#time;
    if (started && group.created !== 0) w.bigFixed64Field(2, nanosecondsOf(group.created));
    time.set(group.timeMs);
    w.fixed64Field(3, time.lo, time.hi);
  }
}

/** Seconds with a fraction as nanoseconds: whole seconds exactly, the rest as doubles have it. */
function nanosecondsOf(seconds: number): bigint {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 2 ** 33) return 0n;
  const whole = Math.trunc(seconds);
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.trunc((seconds - whole) * 1e9));
}
