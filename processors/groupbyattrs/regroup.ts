import type { Batch, Logs, Metrics, Traces } from '../../pdata/batch.ts';
import { OtlpBatch } from '../../pdata/otlp-batch.ts';
import { Writer } from '../../pdata/proto/writer.ts';
import {
  type AttributeKey,
  LogReader,
  type MessageView,
  MetricReader,
  SpanReader,
} from '../../pdata/readers.ts';
import {
  copyOthers,
  identityOf,
  MetricGroup,
  type Pairs,
  ResourceGroup,
  readPairs,
  type ScopeGroup,
} from './groups.ts';
import type { Grouped } from './telemetry.ts';

/** A batch in new groups, and how many items gave attributes to their resource. */
export interface Regrouped<S extends Grouped> {
  readonly batch: Batch<S>;
  readonly grouped: number;
  readonly others: number;
  readonly groups: number;
}

/** Wire tags of the data in metrics, and of the points in data. */
const dataTags: ReadonlySet<number> = new Set([42, 58, 74, 82, 90]);
const pointTags: ReadonlySet<number> = new Set([10]);

/** Regroups one batch; resources of it that end up alike are joined. */
class Regrouping {
  grouped = 0;
  others = 0;
  readonly resources = new Map<string, ResourceGroup>();
  readonly #keys: readonly AttributeKey[];
  /** Attributes of the resource that the walk is in, and its groups by the values moved to it. */
  #pairs: Pairs = new Map();
  #byValues = new Map<string, ResourceGroup>();
  /** Bounds of the attributes that leave the item, in pairs. */
  readonly #cuts: number[] = [];
  readonly #found: number[] = [];

  constructor(keys: readonly AttributeKey[]) {
    this.#keys = keys;
  }

  enterResource(view: MessageView): void {
    this.#pairs = readPairs(view);
    this.#byValues = new Map();
  }

  /** The new resource of an item; what leaves the item is noted for {@link writeItem}. */
  resourceOf(item: MessageView): ResourceGroup {
    this.#cuts.length = 0;
    this.#found.length = 0;
    let values = '';
    for (let i = 0; i < this.#keys.length; i += 1) {
      const at = item.originalAttribute(this.#keys[i]!, 0);
      if (at < 0 || !item.find(this.#keys[i]!)) continue;
      const { bytes, start, end } = item.value;
      const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      values += `${i}:${end - start}:${text.toString('latin1')}`;
      this.#cuts.push(item.originalStart(at), item.originalEnd(at));
      this.#found.push(i);
    }
    if (this.#found.length > 0) this.grouped += 1;
    else this.others += 1;
    const known = this.#byValues.get(values);
    if (known !== undefined) return known;
    const group = this.#makeResource(item);
    this.#byValues.set(values, group);
    return group;
  }

  #makeResource(item: MessageView): ResourceGroup {
    const pairs: Pairs = new Map(this.#pairs);
    for (const i of this.#found) {
      const key = this.#keys[i]!;
      item.find(key);
      const { bytes, start, end } = item.value;
      pairs.set(key.text, { key: key.bytes, value: bytes.slice(start, end) });
    }
    const identity = identityOf(pairs);
    let group = this.resources.get(identity);
    if (group === undefined) {
      group = new ResourceGroup(pairs);
      this.resources.set(identity, group);
    }
    return group;
  }

  /** Writes an item as field `field`, without the attributes that {@link resourceOf} moved. */
  writeItem(item: MessageView, field: number, to: Writer): void {
    const cuts = this.#cuts;
    sortPairs(cuts);
    let size = item.end - item.start;
    for (let i = 0; i < cuts.length; i += 2) size -= cuts[i + 1]! - cuts[i]!;
    to.tag(field, 2);
    to.varint(size);
    let from = item.start;
    for (let i = 0; i < cuts.length; i += 2) {
      to.copy(item.bytes, from, cuts[i]!);
      from = cuts[i + 1]!;
    }
    to.copy(item.bytes, from, item.end);
  }

  finish<S extends Grouped>(signal: S): Regrouped<S> {
    const w = new Writer(4096);
    for (const resource of this.resources.values()) resource.write(w);
    const { grouped, others } = this;
    const batch = new OtlpBatch(signal, [w.finish()], [grouped + others]);
    return { batch, grouped, others, groups: this.resources.size };
  }
}

/** Sorts [start, end] pairs by their start: a few at most. */
function sortPairs(pairs: number[]): void {
  for (let i = 2; i < pairs.length; i += 2) {
    const start = pairs[i]!;
    const end = pairs[i + 1]!;
    let j = i - 2;
    for (; j >= 0 && pairs[j]! > start; j -= 2) {
      pairs[j + 2] = pairs[j]!;
      pairs[j + 3] = pairs[j + 1]!;
    }
    pairs[j + 2] = start;
    pairs[j + 3] = end;
  }
}

function regroupItems<S extends 'traces' | 'logs'>(
  signal: S,
  reader: SpanReader | LogReader,
  keys: readonly AttributeKey[],
): Regrouped<S> {
  const work = new Regrouping(keys);
  while (reader.nextResource()) {
    work.enterResource(reader.resource);
    while (reader.nextScope()) {
      while (reader.nextItem()) {
        const scope = work.resourceOf(reader.item).scope(reader.scope);
        work.writeItem(reader.item, 2, scope.items);
      }
    }
  }
  return work.finish(signal);
}

function metricOf(scope: ScopeGroup, reader: MetricReader): MetricGroup {
  const key = `${reader.dataKind}:${reader.name}`;
  let metric = scope.metrics.get(key);
  if (metric === undefined) {
    const head = new Writer(128);
    copyOthers(head, reader.metric, dataTags);
    const dataHead = new Writer(16);
    copyOthers(dataHead, reader.data, pointTags);
    metric = new MetricGroup(head.take(), dataHead.take(), reader.dataKind);
    scope.metrics.set(key, metric);
  }
  return metric;
}

function regroupMetrics(batch: Metrics, keys: readonly AttributeKey[]): Regrouped<'metrics'> {
  const work = new Regrouping(keys);
  const reader = new MetricReader(batch);
  while (reader.nextResource()) {
    work.enterResource(reader.resource);
    while (reader.nextScope()) {
      while (reader.nextItem()) {
        const scope = work.resourceOf(reader.item).scope(reader.scope);
        work.writeItem(reader.item, 1, metricOf(scope, reader).points);
      }
    }
  }
  return work.finish('metrics');
}

/**
 * The batch with the attributes `keys` moved from items to resources. Schema URLs are left out,
 * and of scopes with one name and version the first stays, as in the Go collector.
 */
export function regroup<S extends Grouped>(
  signal: S,
  batch: Batch<S>,
  keys: readonly AttributeKey[],
): Regrouped<S> {
  const plain: unknown = batch.plain();
  let result: unknown;
  if (signal === 'traces') result = regroupItems('traces', new SpanReader(plain as Traces), keys);
  else if (signal === 'logs') result = regroupItems('logs', new LogReader(plain as Logs), keys);
  else result = regroupMetrics(plain as Metrics, keys);
  return result as Regrouped<S>;
}
