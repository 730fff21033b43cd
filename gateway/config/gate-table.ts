/** What setting a gate does here. */
export type GateEffect =
  /** What it says. */
  | 'honoured'
  /** Nothing that could be seen from outside, either way. */
  | 'unchanged'
  /** It can only be set to what it is already: the other way is not built. */
  | 'fixed';

export type Stage = 'alpha' | 'beta' | 'stable' | 'deprecated';

/** A switch of `--feature-gates`, as release 0.155 of the Go collector has them. */
export interface Gate {
  readonly id: string;
  /** alpha and deprecated are off unless set, beta and stable on. */
  readonly stage: Stage;
  readonly effect: GateEffect;
  /** First release that has it, '' = not said. */
  readonly from: string;
  /** Release in which it ends, '' = not said. */
  readonly to: string;
  readonly description: string;
}

function gate(
  id: string,
  stage: Stage,
  effect: GateEffect,
  from: string,
  to: string,
  description: string,
): Gate {
  return { id, stage, effect, from, to, description };
}

/** Every gate, by id. */
export const gateTable: readonly Gate[] = [
  gate(
    'clickhouse.json',
    'deprecated',
    'unchanged',
    '',
    'v0.149.0',
    'The clickhouse exporter wrote attributes as JSON; its key `json` does.',
  ),
  gate(
    'confmap.enableMergeAppendOption',
    'alpha',
    'honoured',
    'v0.120.0',
    '',
    'Lists of extensions, receivers and exporters from several sources are joined instead of replaced.',
  ),
  gate(
    'connector.spanmetrics.excludeResourceMetrics',
    'alpha',
    'honoured',
    'v0.137.0',
    '',
    'Metrics of span_metrics carry no resource attributes.',
  ),
  gate(
    'connector.spanmetrics.includeCollectorInstanceID',
    'beta',
    'honoured',
    'v0.136.0',
    '',
    'Metrics of span_metrics have the dimension collector.instance.id.',
  ),
  gate(
    'connector.spanmetrics.legacyMetricNames',
    'alpha',
    'honoured',
    'v0.109.0',
    '',
    'Metrics of span_metrics have the names of old releases.',
  ),
  gate(
    'connector.spanmetrics.useSecondAsDefaultMetricsUnit',
    'alpha',
    'fixed',
    'v0.137.0',
    '',
    'Durations of span_metrics are in seconds unless the configuration says otherwise.',
  ),
  gate(
    'exporter.file.nativeCompression',
    'alpha',
    'fixed',
    'v0.154.0',
    '',
    'The file exporter compresses files, not messages.',
  ),
  gate(
    'extension.healthcheck.useComponentStatus',
    'alpha',
    'fixed',
    'v0.142.0',
    '',
    'health_check answers from the status of components.',
  ),
  gate(
    'filter.filterlog.useOTTLBridge',
    'alpha',
    'unchanged',
    '',
    '',
    'Properties of logs are matched by OTTL; the results are the same.',
  ),
  gate(
    'filter.filtermetric.useOTTLBridge',
    'alpha',
    'unchanged',
    '',
    '',
    'Properties of metrics are matched by OTTL; the results are the same.',
  ),
  gate(
    'filter.filterspan.useOTTLBridge',
    'alpha',
    'unchanged',
    '',
    '',
    'Properties of spans are matched by OTTL; the results are the same.',
  ),
  gate(
    'hostmetrics.process.bootTimeCache',
    'beta',
    'unchanged',
    'v0.98.0',
    '',
    'The boot time is read once for all processes; the results are the same.',
  ),
  gate(
    'ottl.PanicDuplicateName',
    'beta',
    'unchanged',
    'v0.141.0',
    '',
    'Two OTTL functions of one name are a programming error; there are none.',
  ),
  gate(
    'ottl.contexts.enableOTelColContext',
    'beta',
    'fixed',
    'v0.147.0',
    '',
    'Paths `otelcol.*` can be used in OTTL.',
  ),
  gate(
    'ottl.functions.enableLambda',
    'alpha',
    'fixed',
    'v0.155.0',
    '',
    'Functions of OTTL take lambda arguments.',
  ),
  gate(
    'pdata.useProtoPooling',
    'alpha',
    'unchanged',
    'v0.133.0',
    '',
    'Memory of messages is used again; this program keeps them as bytes.',
  ),
  gate(
    'pkg.translator.zipkin.DontEmitV0CloudResourceConventions',
    'alpha',
    'unchanged',
    'v0.155.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.DontEmitV0HttpConventions',
    'alpha',
    'unchanged',
    'v0.154.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.DontEmitV0NetworkConventions',
    'beta',
    'unchanged',
    'v0.147.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.DontEmitV0ScopeConventions',
    'alpha',
    'unchanged',
    'v0.154.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.EmitV1CloudResourceConventions',
    'alpha',
    'unchanged',
    'v0.155.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.EmitV1HttpConventions',
    'alpha',
    'unchanged',
    'v0.154.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.EmitV1NetworkConventions',
    'beta',
    'unchanged',
    'v0.147.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'pkg.translator.zipkin.EmitV1ScopeConventions',
    'alpha',
    'unchanged',
    'v0.154.0',
    '',
    'Spans are translated to and from Zipkin with other conventions; there is no Zipkin here.',
  ),
  gate(
    'processor.filter.defaultErrorModeIgnore',
    'beta',
    'honoured',
    'v0.150.0',
    '',
    'error_mode of the filter processor is ignore unless set; off: propagate.',
  ),
  gate(
    'processor.k8sattributes.DontEmitV0K8sConventions',
    'alpha',
    'honoured',
    'v0.145.0',
    '',
    'k8s_attributes leaves out attributes of the old conventions.',
  ),
  gate(
    'processor.k8sattributes.EmitV1K8sConventions',
    'alpha',
    'honoured',
    'v0.145.0',
    '',
    'k8s_attributes sets attributes of the new conventions.',
  ),
  gate(
    'processor.k8sattributes.ShareProcessorBetweenPipelines',
    'alpha',
    'honoured',
    'v0.150.0',
    '',
    'k8s_attributes of several pipelines share one watch.',
  ),
  gate(
    'processor.k8sattributes.telemetry.disableOldFormatMetrics',
    'alpha',
    'honoured',
    'v0.146.0',
    '',
    'k8s_attributes leaves out its metrics of old names.',
  ),
  gate(
    'processor.k8sattributes.telemetry.enableNewFormatMetrics',
    'alpha',
    'honoured',
    'v0.146.0',
    '',
    'k8s_attributes has metrics of new names.',
  ),
  gate(
    'processor.tailsamplingprocessor.metricstatcountbytessampled',
    'alpha',
    'honoured',
    'v0.152.0',
    '',
    'tail_sampling counts bytes for each policy.',
  ),
  gate(
    'processor.tailsamplingprocessor.metricstatcountspanssampled',
    'alpha',
    'honoured',
    'v0.95.0',
    '',
    'tail_sampling counts spans for each policy.',
  ),
  gate(
    'processor.tailsamplingprocessor.recordpolicy',
    'alpha',
    'honoured',
    'v0.120.0',
    '',
    'tail_sampling writes the policy that decided into the trace.',
  ),
  gate(
    'processor.tailsamplingprocessor.tailstorageextension',
    'alpha',
    'fixed',
    'v0.150.0',
    '',
    'tail_sampling keeps waiting traces in an extension.',
  ),
  gate(
    'processor.transform.defaultErrorModeIgnore',
    'beta',
    'honoured',
    'v0.150.0',
    '',
    'error_mode of the transform processor is ignore unless set; off: propagate.',
  ),
  gate(
    'receiver.hostmetricsreceiver.UseLinuxMemAvailable',
    'beta',
    'fixed',
    'v0.137.0',
    '',
    'Used memory is what is not MemAvailable.',
  ),
  gate(
    'receiverhelper.newReceiverMetrics',
    'alpha',
    'fixed',
    'v0.138.0',
    '',
    'Receivers count refused and failed items apart.',
  ),
  gate(
    'service.AllowNoPipelines',
    'alpha',
    'honoured',
    'v0.122.0',
    '',
    'A configuration without pipelines can be started.',
  ),
  gate(
    'service.profilesSupport',
    'alpha',
    'honoured',
    'v0.112.0',
    '',
    'Pipelines of profiles can be configured.',
  ),
  gate(
    'spanmetrics.statusCodeConvention.useOtelPrefix',
    'alpha',
    'honoured',
    'v0.141.0',
    '',
    'span_metrics names the status otel.status_code.',
  ),
  gate(
    'telemetry.newPipelineTelemetry',
    'alpha',
    'fixed',
    'v0.123.0',
    '',
    'Own metrics carry attributes that name the component as scope.',
  ),
  gate(
    'transform.flatten.logs',
    'alpha',
    'fixed',
    'v0.103.0',
    '',
    'The transform processor gives each log record a resource and scope of its own.',
  ),
];
