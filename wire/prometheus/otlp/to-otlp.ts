import type { Metrics } from '../../../pdata/batch.ts';
import { MetricsBuilder } from '../../../pdata/builder.ts';
import { ucumOf } from '../names/units.ts';
import {
  HistogramKind,
  MetricType,
  startOf,
  typeNames,
  type WriteRequest,
} from '../remote-write/request.ts';
import { type Classics, findClassics, noClassics } from './classic.ts';
import { Lists } from './id-table.ts';
import { LabelRoles } from './label-roles.ts';
import { MetricGroups, Shape } from './metric-groups.ts';
import { ownersOfExemplars } from './orphans.ts';
import { PointWriter } from './point-writer.ts';
import { type Attributes, describeScope, Targets } from './targets.ts';
import { applyTypeLabels } from './type-labels.ts';

/** What is remembered of targets (`job`, `instance`) from one request to the next. */
export interface TargetMemory {
  /** Attributes that an earlier `target_info` gave. */
  recall(job: string, instance: string): Attributes | undefined;
  remember(job: string, instance: string, attributes: Attributes): void;
}

/** A request as OTLP, and how much of it is there. */
export interface Converted {
  /** undefined = the request holds no point. */
  readonly batch: Metrics | undefined;
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

/** Ways to convert. */
export interface ConvertOptions {
  /** Series of classic histograms and summaries stay as they are. */
  readonly asSent?: boolean;
  /** Filled with the series of each point that is a sample, in the order of points. */
  readonly order?: number[];
  /** Of each series only the first sample is written. */
  readonly firstOnly?: boolean;
}

/** What a metric group's items are: series whose samples, or one of its native histograms, go in. */
const Part = { samples: 0, classic: 1, native: 2 } as const;

/**
 * Makes OTLP of a request in one pass over its columns.
 *
 * - `job` and `instance` become service.namespace, service.name and service.instance.id of the
 *   resource, labels of `target_info` its other attributes, `otel_scope_*` the scope.
 * - Types and units come from metadata, else from the labels `__type__` and `__unit__`.
 * - Counters become cumulative monotonic sums, info and stateset sums that are not monotonic,
 *   native histograms exponential or explicit ones, everything else gauges; `prometheus.type` in
 *   the metric's metadata holds the type.
 * - Classic histograms and summaries are put together where that needs no guess
 *   ({@link findClassics}).
 * - A stale marker is a point with the flag "no recorded value".
 * - Gauge histograms have no form in OTLP and are left out, as are exemplars of series that have
 *   no point in the request: the counts say so.
 * @param limit bytes of OTLP that may be made
 * @throws ExpandsTooMuch
 */
export function toOtlp(
  request: WriteRequest,
  memory: TargetMemory,
  limit: number,
  options: ConvertOptions = {},
): Converted {
  applyTypeLabels(request);
  const roles = new LabelRoles(request.symbols);
  const classics = options.asSent === true ? noClassics : findClassics(request, roles);
  const exemplars = ownersOfExemplars(request);
  const groups = new MetricGroups(request, roles);
  const parts = new Lists(request.seriesCount + 16);
  const written = collect(request, roles, classics, groups, parts);
  const builder = new MetricsBuilder();
  builder.writer.need(Math.min(limit, 2 * request.symbols.bytes.length));
  const points = new PointWriter(request, roles, builder, exemplars.owners, limit, options);
  const targets = new Targets(request, roles, memory);
  for (const resource of groups.resources()) {
    builder.resource(targets.attributes(groups.seriesOfResource(resource)));
    for (const scope of groups.scopes(resource)) {
      describeScope(builder, request, roles, groups.seriesOfScope(scope));
      for (const group of groups.metrics(scope)) {
        openMetric(builder, request, groups, group);
        writeParts(points, classics, parts, group, request);
      }
    }
  }
  targets.rememberRest();
  return {
    batch: builder.itemCount === 0 ? undefined : builder.finish(),
    samples: request.sampleCount,
    histograms: written,
    exemplars: request.exemplarCount - exemplars.orphans,
  };
}

/** Sorts all parts of the request into metrics. @returns native histograms that have a place */
function collect(
  request: WriteRequest,
  roles: LabelRoles,
  classics: Classics,
  groups: MetricGroups,
  parts: Lists,
): number {
  let histograms = 0;
  for (let i = 0; i < request.seriesCount; i += 1) {
    const name = request.names.values[i]!;
    if (name === roles.targetInfo) continue;
    const from = startOf(request.sampleEnds, i);
    if (hasUnused(classics.used, from, request.sampleEnds.values[i]!)) {
      parts.append(groups.of(i, name, shapeOf(request.types.values[i]!)), i * 4 + Part.samples);
    }
    const end = request.histogramEnds.values[i]!;
    for (let n = startOf(request.histogramEnds, i); n < end; n += 1) {
      const kind = request.histogramKinds.values[n]!;
      if (kind === HistogramKind.gauge) continue;
      const shape = kind === HistogramKind.custom ? Shape.histogram : Shape.exponential;
      const group = groups.of(i, name, shape);
      parts.append(group, i * 4 + Part.native);
      parts.append(group, n);
      histograms += 1;
    }
  }
  for (const [i, { count, family, summary }] of classics.groups.entries()) {
    const group = groups.of(count!.series, family, summary ? Shape.summary : Shape.histogram);
    parts.append(group, i * 4 + Part.classic);
  }
  return histograms;
}

function hasUnused(used: Uint8Array | undefined, from: number, to: number): boolean {
  if (used === undefined) return to > from;
  for (let i = from; i < to; i += 1) if (used[i] === 0) return true;
  return false;
}

function shapeOf(type: number): number {
  if (type === MetricType.counter) return Shape.counter;
  return type === MetricType.info || type === MetricType.stateset ? Shape.sum : Shape.gauge;
}

function openMetric(
  builder: MetricsBuilder,
  { symbols, types, units }: WriteRequest,
  groups: MetricGroups,
  group: number,
): void {
  const series = groups.seriesOf(group);
  const unit = ucumOf(symbols.text(units.values[series]!));
  builder.metric(
    symbols.text(groups.nameOf(group)),
    unit,
    symbols.text(groups.helpOf(group)),
    new Map([['prometheus.type', typeNames[types.values[series]!]!]]),
  );
  switch (groups.shapeOf(group)) {
    case Shape.counter:
      builder.sum(2, true);
      return;
    case Shape.sum:
      builder.sum(2, false);
      return;
    case Shape.histogram:
      builder.histogram(2);
      return;
    case Shape.exponential:
      builder.exponentialHistogram(2);
      return;
    case Shape.summary:
      builder.summary();
      return;
    default:
      builder.gauge();
  }
}

function writeParts(
  points: PointWriter,
  classics: Classics,
  parts: Lists,
  group: number,
  request: WriteRequest,
): void {
  for (let entry = parts.first(group); entry !== 0; entry = parts.next(entry)) {
    const value = parts.value(entry);
    const index = Math.floor(value / 4);
    switch (value % 4) {
      case Part.samples:
        points.numbers(index, classics.used);
        break;
      case Part.classic:
        points.classic(classics.groups[index]!, classics.points[index]!);
        break;
      default: {
        entry = parts.next(entry);
        const n = parts.value(entry);
        points.native(index, n, request.histogramKinds.values[n] === HistogramKind.custom);
      }
    }
  }
}
