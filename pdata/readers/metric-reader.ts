import type { Metrics } from '../batch.ts';
import { NodeKind, stride } from '../tree.ts';
import { GroupReader } from './group-reader.ts';
import { MessageView } from './message-view.ts';

/** Kinds of metric data; the numbers are those of the fields of Metric. */
export const DataKind = {
  none: 0,
  gauge: 5,
  sum: 7,
  histogram: 9,
  exponentialHistogram: 10,
  summary: 11,
} as const;

/** Field of the attributes in data points, by {@link DataKind}. */
const attributeFields: Readonly<Record<number, number>> = { 5: 7, 7: 7, 9: 9, 10: 1, 11: 7 };

/** Walks data points; `item` is the point, `metric` what it belongs to. */
export class MetricReader extends GroupReader<'metrics'> {
  /** Fields 1 name, 2 description, 3 unit; attributes are its metadata. */
  readonly metric = new MessageView();
  /** Gauge, Sum ...: field 2 temporality, 3 is monotonic. */
  readonly data = new MessageView();
  /** One of {@link DataKind}. */
  dataKind = 0;

  constructor(batch: Metrics) {
    super(batch);
    this.metric.attributeField = 12;
  }

  get name(): string {
    return this.metric.string(1);
  }

  get description(): string {
    return this.metric.string(2);
  }

  get unit(): string {
    return this.metric.string(3);
  }

  /** 0 unspecified, 1 delta, 2 cumulative. */
  get temporality(): number {
    return this.dataKind === DataKind.none || this.dataKind === DataKind.gauge
      ? 0
      : this.data.uint(2);
  }

  get monotonic(): boolean {
    return this.dataKind === DataKind.sum && this.data.uint(3) !== 0;
  }

  /** Moves to the next metric of the scope, also one without points. */
  nextMetric(): boolean {
    while (this.kindAt(this.node) > NodeKind.container) this.node += 1;
    if (this.kindAt(this.node) !== NodeKind.container) return false;
    this.enterContainer(this.node);
    this.node += 1;
    if (this.kindAt(this.node) === NodeKind.data) {
      this.enterContainer(this.node);
      this.node += 1;
    }
    return true;
  }

  /** Moves to the next point of the metric that {@link nextMetric} moved to. */
  nextPoint(): boolean {
    return this.kindAt(this.node) === NodeKind.item && this.nextItem();
  }

  protected override enterContainer(node: number): void {
    const { nodes } = this.tree!;
    if (this.kindAt(node) === NodeKind.container) {
      this.bindNode(this.metric, node);
      this.dataKind = DataKind.none;
      return;
    }
    this.bindNode(this.data, node);
    this.dataKind = (this.bytes[nodes[node * stride + 1]!]! & 127) >>> 3;
    this.item.attributeField = attributeFields[this.dataKind] ?? 0;
  }
}
