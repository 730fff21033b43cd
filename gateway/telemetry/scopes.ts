const core = 'go.opentelemetry.io/collector';
const contrib = 'github.com/open-telemetry/opentelemetry-collector-contrib';
const libraries = 'go.opentelemetry.io/contrib/instrumentation';

/** Beginnings of names and the scopes that the Go collector tells such metrics under. */
const scopes: readonly (readonly [RegExp, string])[] = [
  [/^wirestitch_/, 'wirestitch'],
  [/^http\./, `${libraries}/net/http/otelhttp`],
  [/^rpc\./, `${libraries}/google.golang.org/grpc/otelgrpc`],
  [/^otelcol_process_/, `${core}/service`],
  [/^otelcol_receiver_/, `${core}/receiver/receiverhelper`],
  [/^otelcol_scraper_/, `${core}/scraper/scraperhelper`],
  [/^otelcol_exporter_clickhouse_/, 'wirestitch'],
  [/^otelcol_exporter_/, `${core}/exporter/exporterhelper`],
  [/^otelcol_processor_(incoming|outgoing|internal)_/, `${core}/processor/processorhelper`],
  [/^otelcol_processor_batch_/, `${core}/processor/batchprocessor`],
  [/^otelcol_processor_memory_limiter_/, `${core}/processor/memorylimiterprocessor`],
  [/^otelcol_processor_filter_/, `${contrib}/processor/filterprocessor`],
  [/^otelcol_processor_groupbyattrs_/, `${contrib}/processor/groupbyattrsprocessor`],
  [/^otelcol_processor_groupbytrace_/, `${contrib}/processor/groupbytraceprocessor`],
  [
    /^otelcol_processor_probabilistic_sampler_/,
    `${contrib}/processor/probabilisticsamplerprocessor`,
  ],
  [/^otelcol_processor_tail_sampling_/, `${contrib}/processor/tailsamplingprocessor`],
  [/^otelcol_cumulativetodelta_/, `${contrib}/processor/cumulativetodeltaprocessor`],
  [/^otelcol_deltatocumulative_/, `${contrib}/processor/deltatocumulativeprocessor`],
  [/^otelcol_(k8s|otelsvc_k8s|processor_k8s)/, `${contrib}/processor/k8sattributesprocessor`],
  [/^otelcol_(fluent|processor_fluent)/, `${contrib}/receiver/fluentforwardreceiver`],
  [/^otelcol_kafka_receiver_/, `${contrib}/receiver/kafkareceiver`],
  [/^otelcol_kafka_/, `${contrib}/exporter/kafkaexporter`],
  [/^otelcol_loadbalancer_/, `${contrib}/exporter/loadbalancingexporter`],
  [/^otelcol_connector_service(_)?graph_/, `${contrib}/connector/servicegraphconnector`],
  [/^otelcol_fileconsumer_/, `${contrib}/pkg/stanza/fileconsumer`],
];

/** The scope of a metric by its name; `wirestitch` where there is no other. */
export function scopeOf(name: string): string {
  return scopes.find(([beginning]) => beginning.test(name))?.[1] ?? 'wirestitch';
}
