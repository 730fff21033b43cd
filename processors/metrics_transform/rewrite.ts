import { Cursor, noBytes, readVarint, skipValue } from '../../pdata/proto/cursor.ts';
import { varintSize, Writer } from '../../pdata/proto/writer.ts';
import { InternTable } from '../../pdata/readers/intern.ts';
import type { Plan, Planned } from './plan.ts';
import { type PointKind, PointResult, PointWriter } from './point.ts';

/** Memory that is kept from request to request, at most. */
const keptBytes = 4 * 1024 * 1024;

/** Kinds of points by the tags of a metric's data. */
const kinds: Readonly<Record<number, PointKind>> = {
  42: { attributeField: 7, isNumber: true },
  58: { attributeField: 7, isNumber: true },
  74: { attributeField: 9, isNumber: false },
  82: { attributeField: 1, isNumber: false },
  90: { attributeField: 7, isNumber: false },
};
/** Data whose points are scaled as objects. */
const buckets: readonly number[] = [74, 82];

/** Edits metrics requests on their bytes. One object serves all requests of a processor. */
export class Rewriter {
  /** Points that the last request lost. */
  dropped = 0;
  readonly #planOf: (name: string) => Planned;
  readonly #names = new InternTable();
  readonly #c = new Cursor(noBytes);
  readonly #points = new PointWriter();
  #w = new Writer(65_536);
  /** Of each metric of the request what becomes of it; undefined = nothing. */
  #plans: (Plan | undefined)[] = [];
  #next = 0;
  #odd = false;

  /** @param planOf what becomes of metrics of a name; asked for each metric */
  constructor(planOf: (name: string) => Planned) {
    this.#planOf = planOf;
  }

  /** Whether edits are enough, or nothing is to do, or objects are needed. */
  look(bytes: Uint8Array): 'none' | 'edits' | 'objects' {
    this.#plans = [];
    let found: 'none' | 'edits' = 'none';
    const c = this.#begin(bytes);
    // groups in the request, scopes in a group, metrics in a scope
    const ends = [bytes.length, 0, 0];
    for (let depth = 0; depth >= 0; ) {
      if (c.pos >= ends[depth]!) {
        depth -= 1;
        continue;
      }
      const tag = readVarint(c);
      if (tag !== (depth === 0 ? 10 : 18)) {
        skipValue(c, tag);
        continue;
      }
      const size = readVarint(c);
      const end = size + c.pos;
      if (depth < 2) {
        depth += 1;
        ends[depth] = end;
        continue;
      }
      const name = this.#nameOf(c, end);
      if (name === undefined) return 'objects';
      const planned = this.#planOf(name);
      if (planned === 'objects') return 'objects';
      this.#plans.push(planned === 'none' ? undefined : planned);
      if (planned !== 'none') found = 'edits';
    }
    return found;
  }

  #begin(bytes: Uint8Array): Cursor {
    const c = this.#c;
    c.bytes = bytes;
    c.pos = 0;
    return c;
  }

  /** Name of a metric; undefined when it has several, or several data. */
  #nameOf(c: Cursor, end: number): string | undefined {
    let name: string | undefined;
    let data = 0;
    while (c.pos < end) {
      const tag = readVarint(c);
      if (tag === 10) {
        if (name !== undefined) return undefined;
        const size = readVarint(c);
        name = this.#names.get(c.bytes, c.pos, c.pos + size);
        c.pos += size;
      } else {
        if (tag in kinds) data += 1;
        skipValue(c, tag);
      }
    }
    return data > 1 ? undefined : (name ?? '');
  }

  /**
   * The request that {@link look} was last called for, edited.
   * @returns undefined for one that is written in an odd way: it needs objects; empty = nothing is
   *   left of it
   */
  edit(bytes: Uint8Array): Uint8Array | undefined {
    this.dropped = 0;
    this.#odd = false;
    this.#next = 0;
    const w = this.#w;
    w.length = 0;
    const c = this.#begin(bytes);
    while (c.pos < bytes.length && !this.#odd) {
      const start = c.pos;
      const tag = readVarint(c);
      if (tag === 10) this.#nested(1, (end) => this.#group(end));
      else this.#copyField(start, tag);
    }
    const out = this.#odd ? undefined : Buffer.allocUnsafeSlow(w.length);
    out?.set(w.bytes.subarray(0, w.length));
    if (w.bytes.length > keptBytes) this.#w = new Writer(65_536);
    return out;
  }

  /** Copies a field whose tag was just read. */
  #copyField(start: number, tag: number): void {
    const c = this.#c;
    skipValue(c, tag);
    this.#w.copy(c.bytes, start, c.pos);
  }

  /** Writes a message whose tag was just read. @param write false = the message goes */
  #nested(field: number, write: (end: number) => boolean): boolean {
    const w = this.#w;
    const size = readVarint(this.#c);
    const before = w.length;
    const opened = w.open(field, varintSize(size));
    const stays = write(this.#c.pos + size);
    if (stays) w.close(opened);
    else w.length = before;
    return stays;
  }

  #group(end: number): boolean {
    const c = this.#c;
    let left = false;
    while (c.pos < end && !this.#odd) {
      const start = c.pos;
      const tag = readVarint(c);
      if (tag !== 18) this.#copyField(start, tag);
      else if (this.#nested(2, (stop) => this.#scope(stop))) left = true;
    }
    return left;
  }

  #scope(end: number): boolean {
    const c = this.#c;
    let left = false;
    while (c.pos < end && !this.#odd) {
      const start = c.pos;
      const tag = readVarint(c);
      if (tag !== 18) {
        this.#copyField(start, tag);
        continue;
      }
      const plan = this.#plans[this.#next];
      this.#next += 1;
      if (plan === undefined) {
        this.#copyField(start, tag);
        left = true;
      } else if (this.#nested(2, (stop) => this.#metric(plan, stop))) left = true;
    }
    return left;
  }

  #metric(plan: Plan, end: number): boolean {
    const c = this.#c;
    const w = this.#w;
    let stays = true;
    if (plan.name !== undefined) w.raw(plan.name);
    while (c.pos < end && !this.#odd) {
      const start = c.pos;
      const tag = readVarint(c);
      if (tag === 10 && plan.name !== undefined) skipValue(c, tag);
      else if (plan.steps.length + plan.numbers.length > 0 && tag in kinds) {
        const kind = kinds[tag]!;
        this.#odd ||= buckets.includes(tag) && plan.numbers.some((one) => one !== 'toggle');
        this.#nested(tag >>> 3, (stop) => {
          stays = this.#data(plan, stop, kind);
          return true;
        });
      } else this.#copyField(start, tag);
    }
    return stays;
  }

  /** @returns false when there were points and none is left */
  #data(plan: Plan, end: number, kind: PointKind): boolean {
    const c = this.#c;
    const w = this.#w;
    let points = 0;
    let left = 0;
    while (c.pos < end) {
      const start = c.pos;
      const tag = readVarint(c);
      if (tag !== 10) {
        this.#copyField(start, tag);
        continue;
      }
      const size = readVarint(c);
      const from = c.pos;
      c.pos = from + size;
      const result = this.#points.write(w, plan, c.bytes, from, c.pos, kind);
      if (result === PointResult.odd) {
        this.#odd = true;
        return true;
      }
      points += 1;
      if (result === PointResult.written) left += 1;
    }
    this.dropped += points - left;
    return points === 0 || left > 0;
  }
}
