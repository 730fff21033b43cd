import type { Factory, Kind } from '../component/factory.ts';

/** A component type known to the program. Its module is imported when a configuration uses it. */
export interface RegistryEntry {
  readonly kind: Kind;
  /** Newest YAML type; also the folder's name. */
  readonly type: string;
  /** Older YAML types that are accepted. */
  readonly aliases: readonly string[];
  load(): Promise<{ readonly factory: Factory<unknown> }>;
}

type Load = () => Promise<{ readonly factory: Factory<unknown> }>;

function entry(kind: Kind, type: string, load: Load, aliases: readonly string[] = []) {
  return { kind, type, aliases, load } satisfies RegistryEntry;
}

/** Every component of the program, one line each. */
export const registry: readonly RegistryEntry[] = [
  // receivers
  entry('receiver', 'deepflow', () => import('../receivers/deepflow/index.ts')),
  entry('receiver', 'ebpf', () => import('../receivers/ebpf/index.ts')),
  entry('receiver', 'file_log', () => import('../receivers/file_log/index.ts'), ['filelog']),
  entry('receiver', 'fluent_forward', () => import('../receivers/fluent_forward/index.ts'), [
    'fluentforward',
  ]),
  entry('receiver', 'host_metrics', () => import('../receivers/host_metrics/index.ts'), [
    'hostmetrics',
  ]),
  entry('receiver', 'influxdb', () => import('../receivers/influxdb/index.ts'), ['telegraf']),
  entry('receiver', 'jaeger', () => import('../receivers/jaeger/index.ts')),
  entry('receiver', 'kafka', () => import('../receivers/kafka/index.ts')),
  entry('receiver', 'otlp', () => import('../receivers/otlp/index.ts')),
  entry('receiver', 'packet', () => import('../receivers/packet/index.ts')),
  entry('receiver', 'prometheus', () => import('../receivers/prometheus/index.ts')),
  entry(
    'receiver',
    'prometheus_remote_write',
    () => import('../receivers/prometheus_remote_write/index.ts'),
    ['prometheusremotewrite'],
  ),
  entry('receiver', 'skywalking', () => import('../receivers/skywalking/index.ts')),
  entry('receiver', 'statsd', () => import('../receivers/statsd/index.ts')),
  entry('receiver', 'syslog', () => import('../receivers/syslog/index.ts')),
  entry('receiver', 'zipkin', () => import('../receivers/zipkin/index.ts')),
  // processors
  entry('processor', 'attributes', () => import('../processors/attributes/index.ts')),
  entry('processor', 'batch', () => import('../processors/batch/index.ts')),
  entry('processor', 'cumulativetodelta', () => import('../processors/cumulativetodelta/index.ts')),
  entry('processor', 'deltatocumulative', () => import('../processors/deltatocumulative/index.ts')),
  entry('processor', 'groupbyattrs', () => import('../processors/groupbyattrs/index.ts')),
  entry('processor', 'groupbytrace', () => import('../processors/groupbytrace/index.ts')),
  entry('processor', 'filter', () => import('../processors/filter/index.ts')),
  entry('processor', 'memory_limiter', () => import('../processors/memory_limiter/index.ts')),
  entry(
    'processor',
    'probabilistic_sampler',
    () => import('../processors/probabilistic_sampler/index.ts'),
  ),
  entry('processor', 'k8s_attributes', () => import('../processors/k8s_attributes/index.ts'), [
    'k8sattributes',
  ]),
  entry(
    'processor',
    'metrics_transform',
    () => import('../processors/metrics_transform/index.ts'),
    ['metricstransform'],
  ),
  entry('processor', 'queuebatch', () => import('../processors/queuebatch/index.ts')),
  entry('processor', 'redaction', () => import('../processors/redaction/index.ts')),
  entry('processor', 'resource', () => import('../processors/resource/index.ts')),
  entry(
    'processor',
    'resource_detection',
    () => import('../processors/resource_detection/index.ts'),
    ['resourcedetection'],
  ),
  entry('processor', 'span', () => import('../processors/span/index.ts')),
  entry('processor', 'tail_sampling', () => import('../processors/tail_sampling/index.ts')),
  entry('processor', 'transform', () => import('../processors/transform/index.ts')),
  // exporters
  entry('exporter', 'clickhouse', () => import('../exporters/clickhouse/index.ts')),
  entry('exporter', 'debug', () => import('../exporters/debug/index.ts')),
  entry('exporter', 'file', () => import('../exporters/file/index.ts')),
  entry('exporter', 'kafka', () => import('../exporters/kafka/index.ts')),
  entry('exporter', 'load_balancing', () => import('../exporters/load_balancing/index.ts'), [
    'loadbalancing',
  ]),
  entry('exporter', 'nop', () => import('../exporters/nop/index.ts')),
  entry('exporter', 'otlp_grpc', () => import('../exporters/otlp_grpc/index.ts'), ['otlp']),
  entry('exporter', 'otlp_http', () => import('../exporters/otlp_http/index.ts'), ['otlphttp']),
  entry('exporter', 'zipkin', () => import('../exporters/zipkin/index.ts')),
  entry('exporter', 'prometheus', () => import('../exporters/prometheus/index.ts')),
  entry(
    'exporter',
    'prometheus_remote_write',
    () => import('../exporters/prometheus_remote_write/index.ts'),
    ['prometheusremotewrite'],
  ),
  // connectors
  entry('connector', 'count', () => import('../connectors/count/index.ts')),
  entry('connector', 'failover', () => import('../connectors/failover/index.ts')),
  entry('connector', 'forward', () => import('../connectors/forward/index.ts')),
  entry('connector', 'round_robin', () => import('../connectors/round_robin/index.ts'), [
    'roundrobin',
  ]),
  entry('connector', 'routing', () => import('../connectors/routing/index.ts')),
  entry('connector', 'service_graph', () => import('../connectors/service_graph/index.ts'), [
    'servicegraph',
  ]),
  entry('connector', 'span_metrics', () => import('../connectors/span_metrics/index.ts'), [
    'spanmetrics',
  ]),
  // extensions
  entry('extension', 'basicauth', () => import('../extensions/basicauth/index.ts')),
  entry('extension', 'bearertokenauth', () => import('../extensions/bearertokenauth/index.ts')),
  entry(
    'extension',
    'embedded_clickhouse',
    () => import('../extensions/embedded_clickhouse/index.ts'),
  ),
  entry('extension', 'file_storage', () => import('../extensions/file_storage/index.ts')),
  entry('extension', 'headers_setter', () => import('../extensions/headers_setter/index.ts')),
  entry('extension', 'health_check', () => import('../extensions/health_check/index.ts')),
  entry('extension', 'healthcheckv2', () => import('../extensions/healthcheckv2/index.ts')),
  entry('extension', 'jaeger_query', () => import('../extensions/jaeger_query/index.ts')),
  entry(
    'extension',
    'jaeger_remote_sampling',
    () => import('../extensions/jaeger_remote_sampling/index.ts'),
    ['jaegerremotesampling'],
  ),
  entry('extension', 'oauth2client', () => import('../extensions/oauth2client/index.ts')),
  entry('extension', 'oidc', () => import('../extensions/oidc/index.ts')),
  entry('extension', 'pprof', () => import('../extensions/pprof/index.ts')),
  entry('extension', 'prometheus_query', () => import('../extensions/prometheus_query/index.ts')),
  entry('extension', 'ui', () => import('../extensions/ui/index.ts')),
  entry('extension', 'zpages', () => import('../extensions/zpages/index.ts')),
  entry('extension', 'reload', () => import('../extensions/reload/index.ts')),
];

/** The entry for a YAML type, also by an older name. */
export function findComponent(
  kind: Kind,
  type: string,
  entries: readonly RegistryEntry[] = registry,
): RegistryEntry | undefined {
  return entries.find((e) => e.kind === kind && (e.type === type || e.aliases.includes(type)));
}

/** YAML types of a kind, sorted. */
export function typesOf(kind: Kind, entries: readonly RegistryEntry[] = registry): string[] {
  return entries
    .filter((e) => e.kind === kind)
    .map((e) => e.type)
    .sort();
}
