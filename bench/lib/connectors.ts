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

const routed = ['one', 'other'].map(
  (name) => `traces/${name}: {receivers: [routing], processors: [batch], exporters: [nop]}`,
);

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
    connectors: 'service_graph: {metrics_flush_interval: 5s, store: {max_items: 5000000, ttl: 1s}}',
    pipelines: afterwards('service_graph'),
    peer: 'span_metrics',
  },
  count: {
    connectors: 'count: {}',
    pipelines: afterwards('count'),
  },
  'count with conditions': {
    connectors:
      `count: {spans: {ok: {conditions: ['attributes["http.response.status_code"] == 200']}, ` +
      `by.route: {attributes: [{key: http.route}, {key: service.name}]}}}`,
    pipelines: afterwards('count'),
  },
  'routing of resources': {
    connectors:
      `routing: {default_pipelines: [traces/other], table: [{condition: ` +
      `'attributes["service.name"] == "service-1"', pipelines: [traces/one]}]}`,
    pipelines: routed,
  },
  'routing of spans': {
    connectors:
      `routing: {default_pipelines: [traces/other], table: [{context: span, condition: ` +
      `'IsMatch(name, "items/[0-9]$")', pipelines: [traces/one]}, {context: span, action: copy, ` +
      `condition: 'attributes["http.response.status_code"] >= 500', pipelines: [traces/one]}]}`,
    pipelines: routed,
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
