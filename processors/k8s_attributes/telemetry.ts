import type { MetricInfo } from '../../component/factory.ts';
import type { Attributes, Counter, Settings } from '../../component/settings.ts';
import type { Gates } from './gates.ts';

const kinds = {
  pod: 'pod',
  namespace: 'namespace',
  node: 'node',
  replicaset: 'ReplicaSet',
  deployment: 'deployment',
  statefulset: 'statefulset',
  daemonset: 'daemonset',
  job: 'job',
} as const;
type WatchedKind = keyof typeof kinds;

const verbs = { added: 'add', updated: 'update', deleted: 'delete' } as const;
type EventKind = keyof typeof verbs;

const counter = (name: string, unit: string, description: string) =>
  ({ name: `otelcol_${name}`, unit, description, kind: 'counter' }) as const;

const eventInfo = (prefix: string, separator: string, kind: WatchedKind, verb: EventKind) =>
  counter(
    `${prefix}${separator}${kind}${separator}${verb}`,
    '1',
    `Number of ${kinds[kind]} ${verbs[verb]} events received`,
  );

const oldEvent = (kind: WatchedKind, verb: EventKind) => eventInfo('otelsvc_k8s', '_', kind, verb);
const newEvent = (kind: WatchedKind, verb: EventKind) => eventInfo('k8s_watcher', '_', kind, verb);

const sizeInfo = (name: string, what: string) =>
  ({ name: `otelcol_${name}`, unit: '1', description: what, kind: 'gauge' }) as const;

const info = {
  association: counter(
    'k8s_pod_association',
    '{resources}',
    "Number of pod associations' evaluations",
  ),
  miss: counter('otelsvc_k8s_ip_lookup_miss', '1', 'Number of times pod by IP lookup failed'),
  oldSize: sizeInfo('otelsvc_k8s_pod_table_size', 'Size of table containing pod info'),
  newSize: sizeInfo('k8s_watcher_pod_cache_size', 'Size of cache table containing pod info'),
};

/** Metrics of the processor; those of the new names need a feature gate. */
export const metrics: readonly MetricInfo[] = [
  ...Object.values(info),
  ...Object.keys(kinds).flatMap((kind) =>
    Object.keys(verbs).flatMap((verb) => [
      oldEvent(kind as WatchedKind, verb as EventKind),
      newEvent(kind as WatchedKind, verb as EventKind),
    ]),
  ),
];

/** What a processor counts. */
export interface Telemetry {
  event(kind: WatchedKind, verb: EventKind): void;
  /** A pod was looked for; `series` of {@link Telemetry.associationSeries}. */
  associated(series: Attributes): void;
  associationSeries(found: boolean, identifier: string): Attributes;
  missed(): void;
  /** @returns what ends the observation */
  watchSize(size: () => number): () => void;
}

/** Makes the metrics that the gates choose: the older names, the newer ones, or both. */
export function telemetryOf({ meter }: Settings, signal: string, gates: Gates): Telemetry {
  const association = meter.counter(info.association.name, info.association);
  const miss = gates.oldMetrics ? meter.counter(info.miss.name, info.miss) : undefined;
  const counters = new Map<string, Counter[]>();
  const countersOf = (kind: WatchedKind, verb: EventKind): Counter[] => {
    const wanted = [
      ...(gates.oldMetrics ? [oldEvent(kind, verb)] : []),
      ...(gates.newMetrics ? [newEvent(kind, verb)] : []),
    ];
    return wanted.map((one) => meter.counter(one.name, one));
  };
  return {
    event(kind, verb) {
      const key = kind + verb;
      let all = counters.get(key);
      if (all === undefined) counters.set(key, (all = countersOf(kind, verb)));
      for (const one of all) one.add(1);
    },
    associated: (series) => association.add(1, series),
    associationSeries: (found, identifier) => ({
      'otelcol.signal': signal,
      pod_identifier: identifier,
      status: found ? 'success' : 'error',
    }),
    missed: () => miss?.add(1),
    watchSize(size) {
      const ends: (() => void)[] = [];
      if (gates.oldMetrics) ends.push(meter.gauge(info.oldSize.name, info.oldSize, size));
      if (gates.newMetrics) ends.push(meter.gauge(info.newSize.name, info.newSize, size));
      return () => {
        for (const end of ends) end();
      };
    },
  };
}
