import { defaultBucketsMs } from '../../pipeline/series/histograms.ts';
import { type Config, defaultNamespace } from './config.ts';
import { Dimensions } from './dimensions.ts';
import type { Gates } from './gates.ts';
import type { SeriesKind } from './series-set.ts';

/** The configuration in the form that spans are read with. */
export interface Plan {
  /** Attributes that dimensions name. */
  readonly names: readonly string[];
  readonly dimensions: Dimensions;
  readonly callsDimensions: Dimensions;
  readonly durationDimensions: Dimensions;
  readonly eventDimensions: Dimensions;
  readonly calls: SeriesKind;
  readonly durations: SeriesKind | undefined;
  readonly events: SeriesKind | undefined;
  /** Calls and durations have the same dimensions: one set of series serves both. */
  readonly together: boolean;
  readonly hasPatterns: boolean;
  readonly excluded: ReadonlySet<string>;
  readonly scopes: ReadonlySet<string>;
  readonly samplingMethod: boolean;
  readonly instanceId: boolean;
  /** Name of the dimension that holds the status code. */
  readonly statusKey: 'status.code' | 'otel.status_code';
  readonly keepsResource: boolean;
  /** Prefix of the metric names, with its dot. */
  readonly prefix: string;
  /** Nanoseconds in the unit of durations. */
  readonly unitNs: number;
}

/** Resolves dimensions to numbers of attributes, so that spans are read once for all metrics. */
export function planOf(config: Config, gates: Gates): Plan {
  const names: string[] = [];
  const dimensions = new Dimensions(config.dimensions, names);
  const callsDimensions = new Dimensions(config.calls_dimensions, names);
  const durationDimensions = new Dimensions(config.histogram.dimensions, names);
  const eventDimensions = new Dimensions(config.events.dimensions, names);
  const exemplars = config.exemplars.enabled ? config.exemplars.max_per_data_point : 0;
  const common = { exemplars, limit: config.aggregation_cardinality_limit };
  const buckets = bucketsOf(config);
  const together = callsDimensions.isEmpty && durationDimensions.isEmpty && buckets !== undefined;
  const all = [dimensions, callsDimensions, durationDimensions, eventDimensions];
  return {
    names,
    dimensions,
    callsDimensions,
    durationDimensions,
    eventDimensions,
    calls: { ...common, buckets: together ? buckets : undefined },
    durations: buckets === undefined ? undefined : { ...common, buckets },
    events: config.events.enabled ? { ...common, buckets: undefined } : undefined,
    together,
    hasPatterns: all.some((list) => list.hasPatterns),
    excluded: new Set(config.exclude_dimensions),
    scopes: new Set(config.include_instrumentation_scope.filter((name) => name !== '')),
    samplingMethod: config.enable_metrics_sampling_method,
    instanceId: gates.instanceId,
    statusKey: gates.otelStatus ? 'otel.status_code' : 'status.code',
    keepsResource: !gates.excludeResource || config.add_resource_attributes,
    prefix: prefixOf(config.namespace, gates),
    unitNs: config.histogram.unit === 's' ? 1e9 : 1e6,
  };
}

function prefixOf(namespace: string, gates: Gates): string {
  const none = namespace === '' || (gates.legacyNames && namespace === defaultNamespace);
  return none ? '' : `${namespace}.`;
}

/** Bounds in the unit of durations, or the number of exponential buckets. */
function bucketsOf({ histogram }: Config): readonly number[] | number | undefined {
  if (histogram.disable) return undefined;
  if (histogram.exponential !== undefined) return histogram.exponential.max_size | 0;
  const ms = histogram.explicit?.buckets ?? defaultBucketsMs;
  return histogram.unit === 's' ? ms.map((bound) => bound / 1000) : ms;
}
