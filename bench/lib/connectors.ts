/** Pipelines of two stages, joined by a connector. */

/** What stands between the pipelines of traces and the exporter `nop`. */
interface Stage {
  /** Sections of the YAML. */
  readonly connectors: string;
  /** Pipelines after the first. */
  readonly pipelines: readonly string[];
  /** What the Go collector gets where it cannot have the same. */
  readonly peer?: string;
}

const afterwards = (id: string) =>
  [`metrics: {receivers: [${id}], processors: [batch], exporters: [nop]}`] as const;

const stages = {
  span_metrics: {
    connectors: 'span_metrics: {metrics_flush_interval: 5s}',
    pipelines: afterwards('span_metrics'),
  },
  'span_metrics with dimensions': {
    connectors:
      'span_metrics: {metrics_flush_interval: 5s, dimensions: ' +
      '[{name: http.request.method}, {name: http.route}, {name: http.response.status_code}]}',
    pipelines: afterwards('span_metrics'),
  },
  'service_graph (peer: span_metrics)': {
    connectors: 'service_graph: {metrics_flush_interval: 5s}',
    pipelines: afterwards('service_graph'),
    peer: 'span_metrics',
  },
} as const satisfies Record<string, Stage>;

export type ConnectorStage = keyof typeof stages;

export const connectorStages = Object.keys(stages) as ConnectorStage[];

export function isConnectorStage(output: string): output is ConnectorStage {
  return output in stages;
}

/**
 * YAML from `connectors:` on: the first pipeline takes traces from otlp.
 * @param isPeer whether it is for the Go collector
 */
export function connectorYaml(stage: ConnectorStage, isPeer: boolean): string {
  const { connectors, pipelines, peer }: Stage = stages[stage];
  if (isPeer && peer !== undefined) return connectorYaml(peer as ConnectorStage, true);
  const id = connectors.split(':')[0]!;
  return `connectors:
  ${connectors}
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    traces: {receivers: [otlp], exporters: [${id}]}
${pipelines.map((line) => `    ${line}`).join('\n')}
`;
}
