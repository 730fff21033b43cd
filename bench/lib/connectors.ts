/** Pipelines of two stages, joined by a connector. */

/** What stands between the pipelines of traces and the exporter `nop`. */
interface Stage {
  /** Sections of the YAML. */
  readonly connectors: string;
  /** Pipelines after the first. */
  readonly pipelines: readonly string[];
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
} as const satisfies Record<string, Stage>;

export type ConnectorStage = keyof typeof stages;

export const connectorStages = Object.keys(stages) as ConnectorStage[];

export function isConnectorStage(output: string): output is ConnectorStage {
  return output in stages;
}

/** YAML from `connectors:` on: the first pipeline takes traces from otlp. */
export function connectorYaml(stage: ConnectorStage): string {
  const { connectors, pipelines } = stages[stage];
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
