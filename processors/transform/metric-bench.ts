import { type OttlClient, OttlRuntimeError, Place, type Walk } from '../../ottl/index.ts';
import type { Batch, Metrics } from '../../pdata/batch.ts';
import {
  decodeMetrics,
  encodeMetrics,
  type Metric,
  type ResourceGroup,
  type ScopeGroup,
} from '../../pdata/objects/index.ts';
import { otlpBatch } from '../../pdata/otlp-batch.ts';
import { MessageView, MetricReader } from '../../pdata/readers.ts';
import type { RunGroup } from './run-group.ts';

/** Puts a view where another is. */
function mirror(view: MessageView, from: MessageView): void {
  view.attributeField = from.attributeField;
  if (from.tree === undefined || from.node < 0) view.bindBytes(from.bytes, from.start, from.end);
  else view.bind(from.bytes, from.tree, from.node, from.part, from.overlay);
}

/**
 * Where statements run that make metrics of metrics. One metric at a time is a batch of its own
 * with its resource and scope, which statements read and edit as ever; a function that wants the
 * metric as an object gets it decoded, and what follows sees what it has made of it.
 */
class MetricBench implements Walk {
  readonly resource = new MessageView();
  readonly scope = new MessageView();
  readonly item = new MessageView();
  readonly metric = new MessageView();
  readonly data = new MessageView();
  dataKind = 0;
  #reader: MetricReader | undefined;
  #batch: Metrics | undefined;
  #group: ResourceGroup<Metric> | undefined;
  #scopeGroup: ScopeGroup<Metric> | undefined;
  #at = 0;
  #point = -1;
  #changed = false;

  bindResourceGroup(view: MessageView): void {
    this.#reader!.bindResourceGroup(view);
  }

  bindScopeGroup(view: MessageView): void {
    this.#reader!.bindScopeGroup(view);
  }

  /** Puts the views on a metric of a scope, and on one of its points. @param point -1 = none */
  load(group: ResourceGroup<Metric>, scope: ScopeGroup<Metric>, at: number, point: number): void {
    this.#group = group;
    this.#scopeGroup = scope;
    this.#at = at;
    this.#point = point;
    const one = { ...scope, items: [scope.items[at]!] };
    this.#batch = encodeMetrics([{ ...group, scopes: [one] }]).editable();
    const reader = new MetricReader(this.#batch);
    reader.nextResource();
    reader.nextScope();
    reader.nextMetric();
    for (let i = 0; i <= point; i += 1) reader.nextPoint();
    this.#reader = reader;
    this.dataKind = reader.dataKind;
    mirror(this.resource, reader.resource);
    mirror(this.scope, reader.scope);
    mirror(this.metric, reader.metric);
    mirror(this.data, reader.data);
    if (point >= 0) mirror(this.item, reader.item);
  }

  /** Goes on to the next point of the metric. @returns whether there is one */
  nextPoint(): boolean {
    const reader = this.#reader!;
    if (!reader.nextPoint()) return false;
    this.#point += 1;
    mirror(this.item, reader.item);
    return true;
  }

  /** Brings the objects up to what statements have written. */
  settle(): void {
    const batch = this.#batch!;
    if (otlpBatch(batch).overlay!.version === 0) return;
    const [group] = decodeMetrics(batch);
    const scope = group!.scopes[0]!;
    const { resource, schemaUrl } = group!;
    Object.assign(this.#group!, { resource, schemaUrl });
    Object.assign(this.#scopeGroup!, { scope: scope.scope, schemaUrl: scope.schemaUrl });
    this.#scopeGroup!.items[this.#at] = scope.items[0]!;
    this.#changed = true;
  }

  /** Runs a function on the metric as an object. @param change gets it, the scope's metrics, the point */
  change(change: (metric: Metric, all: Metric[], point: number) => void): void {
    this.settle();
    const { items } = this.#scopeGroup!;
    change(items[this.#at]!, items, this.#point);
    this.#changed = true;
    const left = items[this.#at]!.data.points.length;
    this.load(this.#group!, this.#scopeGroup!, this.#at, Math.min(this.#point, left - 1));
  }

  /** Whether anything was changed since the last call. */
  takeChanged(): boolean {
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }
}

/** A place whose metric can be had as an object. */
class MetricPlace extends Place {
  readonly bench: MetricBench;

  constructor(bench: MetricBench, client: OttlClient) {
    super(bench, client);
    this.bench = bench;
  }
}

/** The bench of a place. @throws OttlRuntimeError where there is none */
export function benchOf(place: Place): MetricBench {
  if (place instanceof MetricPlace) return place.bench;
  throw new OttlRuntimeError('cannot change metrics here');
}

/** Runs a group on each metric, or each data point, also on metrics that it has made. */
export function benchPass(
  batch: Batch<'metrics'>,
  run: RunGroup,
  client: OttlClient,
  onPoints: boolean,
): Batch<'metrics'> {
  const groups = decodeMetrics(batch);
  const bench = new MetricBench();
  const place = new MetricPlace(bench, client);
  let changed = false;
  const runHere = () => {
    place.next();
    run(place);
  };
  for (const group of groups) {
    for (const scope of group.scopes) {
      for (let at = 0; at < scope.items.length; at += 1) {
        bench.load(group, scope, at, -1);
        if (!onPoints) runHere();
        else while (bench.nextPoint()) runHere();
        bench.settle();
        changed = bench.takeChanged() || changed;
      }
    }
  }
  return changed ? encodeMetrics(groups) : batch;
}
