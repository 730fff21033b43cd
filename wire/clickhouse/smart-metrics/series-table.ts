import type { AttributeList } from '../attribute-list.ts';
import { FixedColumn, LowCardinalityColumn, MapColumn, StringColumn } from '../columns.ts';
import type { Table } from '../day-tables.ts';
import type { Message } from '../message.ts';
import type { InternedSet } from '../smart/sets.ts';
import { TextAttributes } from '../smart/typed-attributes.ts';
import { type ScopeLabels, scopeLabels, type TargetLabels, targetLabels } from './target-labels.ts';

/* Fields of opentelemetry.proto.metrics.v1.Metric. */
export const NAME = 1;
export const DESCRIPTION = 2;
export const UNIT = 3;
export const METADATA = 12;

/** Names of the types, by the field of Metric that holds the points. */
const types = new Map(
  Object.entries({
    gauge: 5,
    sum: 7,
    histogram: 9,
    exponential_histogram: 10,
    summary: 11,
  }).map(([name, field]) => [field, new TextEncoder().encode(name)]),
);

/** What all series of one metric share. */
export interface MetricHead {
  readonly b: Uint8Array;
  readonly metric: Message;
  readonly kind: number;
  readonly temporality: number;
  readonly monotonic: number;
  readonly resource: InternedSet;
  readonly scope: InternedSet;
}

/** Columns of `metric_series` (docs/schema.md) for one day. */
export class SeriesTable implements Table {
  rows = 0;
  readonly #day = new FixedColumn('day', 'Date');
  readonly #id = new FixedColumn('id', 'UInt64');
  readonly #name = new LowCardinalityColumn('name');
  readonly #type = new LowCardinalityColumn('type');
  readonly #unit = new LowCardinalityColumn('unit');
  readonly #description = new StringColumn('description');
  readonly #temporality = new FixedColumn('temporality', 'UInt8');
  readonly #monotonic = new FixedColumn('monotonic', 'Bool');
  readonly #metadata = new TextAttributes(['metadata', 'metadata_other']);
  readonly #service = new LowCardinalityColumn('service');
  readonly #job = new LowCardinalityColumn('job');
  readonly #instance = new LowCardinalityColumn('instance');
  readonly #scopeLabels = new MapColumn('scope_labels', new StringColumn(''));
  readonly #attributes = new TextAttributes(['attributes', 'attributes_other']);
  readonly #resourceId = new FixedColumn('resource_id', 'UInt64');
  readonly #scopeId = new FixedColumn('scope_id', 'UInt64');
  readonly #resourceInline = new StringColumn('resource_inline');
  readonly #scopeInline = new StringColumn('scope_inline');
  readonly columns = [
    this.#day,
    this.#id,
    this.#name,
    this.#type,
    this.#unit,
    this.#description,
    this.#temporality,
    this.#monotonic,
    this.#metadata.strings,
    this.#metadata.others,
    this.#service,
    this.#job,
    this.#instance,
    this.#scopeLabels,
    this.#attributes.strings,
    this.#attributes.others,
    this.#resourceId,
    this.#scopeId,
    this.#resourceInline,
    this.#scopeInline,
  ];
  readonly #targets = new WeakMap<InternedSet, TargetLabels>();
  readonly #scopes = new WeakMap<InternedSet, ScopeLabels>();

  /** Adds the series of `head` with attributes `list` and the id of these halves. */
  put(day: number, low: number, high: number, head: MetricHead, list: AttributeList): void {
    const { b, metric, resource, scope } = head;
    this.rows++;
    putDay(this.#day, day);
    this.#id.data.u64(low, high);
    this.#name.put(b, metric.start[NAME]!, metric.end[NAME]!);
    const type = types.get(head.kind)!;
    this.#type.put(type, 0, type.length);
    this.#unit.put(b, metric.start[UNIT]!, metric.end[UNIT]!);
    this.#description.put(b, metric.start[DESCRIPTION]!, metric.end[DESCRIPTION]!);
    this.#temporality.data.u8(head.temporality > 255 ? 0 : head.temporality);
    this.#monotonic.data.u8(head.monotonic === 0 ? 0 : 1);
    this.#metadata.put(b, metric.attributes);
    this.#service.put(resource.service, 0, resource.service.length);
    this.#putLabels(resource, scope);
    this.#attributes.put(b, list);
    this.#resourceId.data.u64(resource.idLow, resource.idHigh);
    this.#scopeId.data.u64(scope.idLow, scope.idHigh);
    this.#resourceInline.put(resource.inline, 0, resource.inline.length);
    this.#scopeInline.put(scope.inline, 0, scope.inline.length);
  }

  #putLabels(resource: InternedSet, scope: InternedSet): void {
    let target = this.#targets.get(resource);
    if (target === undefined) {
      target = targetLabels(resource);
      this.#targets.set(resource, target);
    }
    let labels = this.#scopes.get(scope);
    if (labels === undefined) {
      labels = scopeLabels(scope);
      this.#scopes.set(scope, labels);
    }
    this.#job.put(target.job, 0, target.job.length);
    this.#instance.put(target.instance, 0, target.instance.length);
    for (let i = 0; i < labels.length; i += 2) {
      this.#scopeLabels.keys.put(labels[i]!, 0, labels[i]!.length);
      this.#scopeLabels.values.put(labels[i + 1]!, 0, labels[i + 1]!.length);
    }
    this.#scopeLabels.offsets.end(labels.length / 2);
  }
}

/** Adds a day to a column of type Date. */
export function putDay(column: FixedColumn, day: number): void {
  column.data.u8(day);
  column.data.u8(day >>> 8);
}
