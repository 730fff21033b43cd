import { OtlpBatch } from '../../pdata/otlp-batch.ts';
import { putVarint, varintSize, Writer } from '../../pdata/proto/writer.ts';
import { ByteTable } from './byte-table.ts';
import type { ReadSpans } from './outcome.ts';

/** Buffers up to this size are kept between messages. */
const keptBytes = 1 << 20;
/** Reasons that are told of one message. */
const maxReasons = 10;

/**
 * Spans of a message that come in any order of resources and scopes, as one batch: spans are
 * written one behind the other, each with its group, and copied together at the end.
 */
export class SpanGroups {
  /** For the fields of the open span. */
  writer = new Writer(4096);
  /** Resources, and scopes with the number of their resource before them, as their fields. */
  #resources = new ByteTable();
  #scopes = new ByteTable();
  readonly #head = new Writer(256);
  #ends = new Int32Array(64);
  #groupOf = new Int32Array(64);
  #spans = 0;
  /** Spans that were opened, and of them those that were refused. */
  #opened = 0;
  #refused = 0;
  #reasons: string[] = [];

  /** A resource by the bytes [from, to) of its fields. @returns its number */
  resource(b: Uint8Array, from: number, to: number): number {
    return this.#resources.intern(b, from, to);
  }

  /** A scope of a resource by the bytes of its fields. @returns the group of its spans */
  scope(resource: number, b: Uint8Array, from: number, to: number): number {
    const w = this.#head;
    w.length = 0;
    w.fixed32Field(1, resource);
    w.copy(b, from, to);
    return this.#scopes.intern(w.bytes, 0, w.length);
  }

  /** Starts a span. @returns what {@link closeSpan} takes */
  openSpan(): number {
    this.#opened += 1;
    return this.writer.open(2, 2);
  }

  closeSpan(opened: number, group: number): void {
    this.writer.close(opened);
    if (this.#spans === this.#ends.length) this.#grow();
    this.#ends[this.#spans] = this.writer.length;
    this.#groupOf[this.#spans] = group;
    this.#spans += 1;
  }

  /** Takes the open span back. */
  dropSpan(): void {
    this.writer.length = this.#spans === 0 ? 0 : this.#ends[this.#spans - 1]!;
  }

  /** Takes the open span back as one that cannot be taken. */
  refuseSpan(reason: string): void {
    this.dropSpan();
    this.#refused += 1;
    if (this.#reasons.length < maxReasons) {
      this.#reasons.push(`span ${this.#opened - 1}: ${reason}`);
    }
  }

  #grow(): void {
    const size = this.#ends.length * 2;
    const ends = new Int32Array(size);
    const groups = new Int32Array(size);
    ends.set(this.#ends);
    groups.set(this.#groupOf);
    this.#ends = ends;
    this.#groupOf = groups;
  }

  /** Forgets everything. */
  discard(): void {
    this.writer.length = 0;
    if (this.writer.bytes.length > keptBytes) this.writer = new Writer(4096);
    if (this.#ends.length * 8 > keptBytes) {
      this.#ends = new Int32Array(64);
      this.#groupOf = new Int32Array(64);
    }
    this.#spans = 0;
    this.#opened = 0;
    this.#refused = 0;
    this.#reasons = [];
    this.#resources = new ByteTable();
    this.#scopes = new ByteTable();
  }

  /** What became of the message, with bytes of its own; the next one starts anew. */
  finish(): ReadSpans {
    const spans = this.#spans;
    const batch = spans === 0 ? undefined : new OtlpBatch('traces', [this.#assemble()], [spans]);
    const read = { batch, refused: this.#refused, reasons: this.#reasons };
    this.discard();
    return read;
  }

  #assemble(): Uint8Array {
    const groups = this.#scopes.size;
    const sizes = new Float64Array(groups);
    this.#eachRun((group, from, to) => {
      sizes[group]! += to - from;
    });
    // The body of each group: its scope, then its spans.
    for (let g = 0; g < groups; g += 1) {
      const scope = this.#scopes.entries[g]!.length - 5;
      sizes[g]! += 1 + varintSize(scope) + scope;
    }
    const lists = this.#byResource();
    const bodies = lists.map((list, r) => {
      const resource = this.#resources.entries[r]!.length;
      let size = 1 + varintSize(resource) + resource;
      for (const g of list) size += 1 + varintSize(sizes[g]!) + sizes[g]!;
      return size;
    });
    let total = 0;
    for (const [r, body] of bodies.entries()) {
      if (lists[r]!.length > 0) total += 1 + varintSize(body) + body;
    }
    const out = Buffer.allocUnsafeSlow(total);
    const places = new Float64Array(groups);
    let p = 0;
    for (const [r, list] of lists.entries()) {
      if (list.length === 0) continue;
      out[p] = 0x0a;
      p = putVarint(out, p + 1, bodies[r]!);
      p = putField(out, p, this.#resources.entries[r]!, 0);
      for (const g of list) {
        out[p] = 0x12;
        p = putVarint(out, p + 1, sizes[g]!);
        const next = p + sizes[g]!;
        places[g] = putField(out, p, this.#scopes.entries[g]!, 5);
        p = next;
      }
    }
    const source = this.writer.bytes;
    this.#eachRun((group, from, to) => {
      out.set(source.subarray(from, to), places[group]!);
      places[group]! += to - from;
    });
    return out;
  }

  /** Calls `visit` with the spans of one group that stand together. */
  #eachRun(visit: (group: number, from: number, to: number) => void): void {
    let from = 0;
    for (let i = 0; i < this.#spans; ) {
      const group = this.#groupOf[i]!;
      while (i < this.#spans && this.#groupOf[i] === group) i += 1;
      const to = this.#ends[i - 1]!;
      visit(group, from, to);
      from = to;
    }
  }

  /** Groups of each resource, in the order in which they came. */
  #byResource(): number[][] {
    const lists: number[][] = this.#resources.entries.map(() => []);
    const used = new Uint8Array(this.#scopes.size);
    for (let i = 0; i < this.#spans; i += 1) used[this.#groupOf[i]!] = 1;
    for (const [g, head] of this.#scopes.entries.entries()) {
      if (used[g] === 0) continue;
      const resource = head[1]! | (head[2]! << 8) | (head[3]! << 16) | (head[4]! << 24);
      lists[resource]!.push(g);
    }
    return lists;
  }
}

/** Field 1 with `bytes` from `from` on. @returns where it ends */
function putField(out: Uint8Array, at: number, bytes: Uint8Array, from: number): number {
  out[at] = 0x0a;
  const p = putVarint(out, at + 1, bytes.length - from);
  out.set(from === 0 ? bytes : bytes.subarray(from), p);
  return p + bytes.length - from;
}
