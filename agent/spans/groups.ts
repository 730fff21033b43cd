import { putVarint, varintSize, Writer } from '../../pdata/proto/writer.ts';
import { writeAttributes } from '../../pdata/values.ts';
import type { TagValue } from '../tags/types.ts';

/** Attributes of a resource, in the order in which they are written. */
export type Resource = Readonly<Record<string, TagValue>>;

/* Tags of ResourceSpans in a request, and of ScopeSpans in ResourceSpans. */
const RESOURCE_SPANS = 0x0a;
const SCOPE_SPANS = 0x12;

/** Spans of one resource in the batch that is being made. */
export interface Group {
  readonly key: object | string;
  /** Field `resource` of ResourceSpans. */
  readonly resource: Uint8Array;
  /** What the resource was made of: another makes another group in the next batch. */
  readonly from: object | undefined;
  /** Ranges of the spans' bytes, start and end in turn. */
  runs: number[];
  /** Number of the batch that it is in. */
  batch: number;
}

/** Which spans of a batch belong together. The spans themselves are in one buffer. */
export class SpanGroups {
  private readonly scope: Uint8Array;
  private groups = new Map<object | string, Group>();
  /** Those of the batch before: their bytes are used again. */
  private before: ReadonlyMap<object | string, Group> = new Map();
  private batch = 0;

  /** @param scope name of the instrumentation scope */
  constructor(scope: string) {
    const w = new Writer(64);
    const at = w.open(1);
    w.stringField(1, scope);
    w.close(at);
    this.scope = w.take();
  }

  /**
   * The group with this key.
   * @param from what `make` makes the resource of
   */
  group(key: object | string, from: object | undefined, make: () => Resource): Group {
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const old = this.before.get(key);
    if (old !== undefined && old.from === from) return this.current(old);
    const w = new Writer(1024);
    const at = w.open(1, 2);
    writeAttributes(w, 1, make());
    w.close(at);
    return this.current({ key, resource: w.take(), from, runs: [], batch: -1 });
  }

  /** A group of this batch or an earlier one, for this one. */
  current(group: Group): Group {
    if (group.batch === this.batch) return group;
    const known = this.groups.get(group.key);
    if (known !== undefined) return known;
    group.batch = this.batch;
    group.runs = [];
    this.groups.set(group.key, group);
    return group;
  }

  /**
   * The batch without a copy, where all spans are of one group and in one range: what comes before
   * them is written in front of them. The next batch begins.
   * @param spans buffer that the range is of @returns undefined = `take` is to be used
   */
  takeInPlace(spans: Uint8Array): Uint8Array | undefined {
    if (this.groups.size !== 1) return undefined;
    const [{ resource, runs }] = this.groups.values() as unknown as [Group];
    const from = runs[0];
    const to = runs[1];
    if (runs.length !== 2 || from === undefined || to === undefined) return undefined;
    const scoped = this.scope.length + to - from;
    const whole = resource.length + 1 + varintSize(scoped) + scoped;
    const start = to - whole - varintSize(whole) - 1;
    if (start < 0) return undefined;
    this.head(spans, start, resource, whole, scoped);
    this.next();
    return spans.subarray(start, to);
  }

  /** The batch of all groups; the next one begins. @param spans buffer that the ranges are of */
  take(spans: Uint8Array): Uint8Array {
    const sizes: number[] = [];
    let total = 0;
    for (const { resource, runs } of this.groups.values()) {
      let scoped = this.scope.length;
      for (let i = 0; i < runs.length; i += 2) scoped += runs[i + 1]! - runs[i]!;
      const whole = resource.length + 1 + varintSize(scoped) + scoped;
      sizes.push(scoped, whole);
      total += 1 + varintSize(whole) + whole;
    }
    const out = Buffer.allocUnsafeSlow(total);
    let at = 0;
    let next = 0;
    for (const { resource, runs } of this.groups.values()) {
      const scoped = sizes[next++]!;
      at = this.head(out, at, resource, sizes[next++]!, scoped);
      for (let i = 0; i < runs.length; i += 2) {
        out.set(spans.subarray(runs[i]!, runs[i + 1]!), at);
        at += runs[i + 1]! - runs[i]!;
      }
    }
    this.next();
    return out;
  }

  /** Writes all of a group but its spans. @returns where they begin */
  private head(
    out: Uint8Array,
    start: number,
    resource: Uint8Array,
    whole: number,
    scoped: number,
  ): number {
    out[start] = RESOURCE_SPANS;
    let at = putVarint(out, start + 1, whole);
    out.set(resource, at);
    at += resource.length;
    out[at] = SCOPE_SPANS;
    at = putVarint(out, at + 1, scoped);
    out.set(this.scope, at);
    return at + this.scope.length;
  }

  private next(): void {
    this.before = this.groups;
    this.groups = new Map();
    this.batch++;
  }
}

/** Adds bytes [from, to) to a group's spans. */
export function addRun(group: Group, from: number, to: number): void {
  const { runs } = group;
  const last = runs.length - 1;
  if (last > 0 && runs[last] === from) runs[last] = to;
  else runs.push(from, to);
}
