import {
  type ConnectorStage,
  connectorStages,
  connectorYaml,
  isConnectorStage,
} from './connectors.ts';
import type { Compression, LoadSignal } from './payload.ts';
import { type ProcessorName, processorStage, processorStages } from './processors.ts';
import { statementChain, statementProcessors } from './statements.ts';

export type Output =
  | 'nop'
  | 'grpc'
  | 'http'
  | 'attributes'
  | 'attributes + filter + transform'
  | 'clickhouse'
  | 'kafka'
  | ConnectorStage
  | ProcessorName;

/** One row of the table: a load and the pipeline that it goes through. */
export interface Case {
  readonly name: string;
  readonly protocol: 'grpc' | 'http';
  readonly signal: LoadSignal;
  readonly items: number;
  readonly compression: Compression;
  readonly output: Output;
}

function one(
  protocol: 'grpc' | 'http',
  signal: LoadSignal,
  items: number,
  compression: Compression,
  output: Output,
): Case {
  const name = `${signal} ${protocol} -> ${output}, ${items}, ${compression}`;
  return { name, protocol, signal, items, compression, output };
}

/** The whole table, in the order in which it is printed. */
export const cases: readonly Case[] = [
  one('grpc', 'traces', 1000, 'none', 'nop'),
  one('grpc', 'traces', 1000, 'gzip', 'nop'),
  one('grpc', 'traces', 1000, 'zstd', 'nop'),
  one('grpc', 'traces', 50, 'none', 'nop'),
  one('grpc', 'traces', 1, 'none', 'nop'),
  one('grpc', 'traces', 1000, 'none', 'grpc'),
  one('grpc', 'traces', 1000, 'gzip', 'grpc'),
  one('grpc', 'traces', 1000, 'zstd', 'grpc'),
  one('http', 'traces', 1000, 'none', 'nop'),
  one('http', 'traces', 1000, 'none', 'http'),
  one('grpc', 'traces', 1000, 'none', 'attributes'),
  one('grpc', 'traces', 1000, 'none', 'attributes + filter + transform'),
  one('grpc', 'traces', 1000, 'none', 'clickhouse'),
  one('grpc', 'logs', 1000, 'none', 'nop'),
  one('grpc', 'logs', 1000, 'none', 'grpc'),
  one('grpc', 'logs', 1000, 'none', 'clickhouse'),
  one('grpc', 'metrics', 1000, 'none', 'nop'),
  one('grpc', 'metrics', 1000, 'none', 'grpc'),
  one('grpc', 'metrics', 1000, 'none', 'clickhouse'),
  one('grpc', 'traces', 1000, 'none', 'kafka'),
  one('grpc', 'logs', 1000, 'none', 'kafka'),
  ...processorStages.map((stage) =>
    one('grpc', processorStage(stage)!.signal ?? 'traces', 1000, 'none', stage),
  ),
  ...connectorStages.map((stage) => one('grpc', 'traces', 1000, 'none', stage)),
];

/**
 * Items a second that are offered: without a limit, but for ClickHouse what the engine takes on the
 * cores that are left, since a full queue would measure refusals.
 */
export function offeredRate(test: Case): number {
  const stage = processorStage(test.output);
  if (stage !== undefined) return stage.rate;
  if (test.output !== 'clickhouse') return 0;
  return { traces: 40_000, logs: 15_000, metrics: 80_000 }[test.signal];
}

/** Whether the peer is otelcol-dropin, the one with the most components. */
export function needsDropin({ output }: Case): boolean {
  return output === 'kafka' || processorStage(output)?.dropin === true;
}

/** Where a configuration points. */
export interface Ports {
  grpcIn: number;
  httpIn: number;
  grpcSink: number;
  httpSink: number;
  clickhouse: number;
  /** Password of the engine's user `default`. */
  password: string;
  database: string;
  /** Address of the Kafka broker, '' = there is none. */
  kafka: string;
}

function exporter(output: Output, compression: Compression, ports: Ports): string {
  if (output === 'nop' || isConnectorStage(output) || processorStage(output) !== undefined) {
    return 'nop:';
  }
  if (output === 'http') {
    return `otlp_http: {endpoint: "http://127.0.0.1:${ports.httpSink}", compression: ${compression}}`;
  }
  if (output === 'clickhouse') {
    const address = `http://127.0.0.1:${ports.clickhouse}`;
    const login = `username: default, password: "${ports.password}", database: ${ports.database}`;
    return `clickhouse: {endpoint: "${address}", ${login}, timeout: 60s}`;
  }
  if (output === 'kafka') {
    return `kafka: {brokers: ["${ports.kafka}"], producer: {max_message_bytes: 10000000}}`;
  }
  const target = `endpoint: "127.0.0.1:${ports.grpcSink}", tls: {insecure: true}`;
  return `otlp_grpc: {${target}, compression: ${compression}}`;
}

/** The same YAML for both programs; `isPeer`: where the Go collector cannot have it, another. */
export function configuration(test: Case, ports: Ports, schema: string, isPeer = false): string {
  const plain = exporter(test.output, test.compression, ports);
  const name = plain.split(':')[0];
  const output = schema === '' ? plain : plain.replace(/\}$/, `, ${schema}}`);
  const batch =
    test.output === 'clickhouse'
      ? '{timeout: 5s, send_batch_size: 100000}'
      : '{send_batch_size: 8192}';
  const rest = isConnectorStage(test.output) ? connectorYaml(test.output, isPeer) : undefined;
  const stage = processorStage(test.output);
  const first = stage?.type ?? statementChain(test.output);
  const chain = first === undefined ? '[batch]' : `[${first}, batch]`;
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${ports.grpcIn}", max_recv_msg_size_mib: 16}
      http: {endpoint: "127.0.0.1:${ports.httpIn}"}
processors:
  batch: ${batch}
  ${stage === undefined ? statementProcessors.trim() : `${stage.type}: ${stage.yaml}`}
exporters:
  ${output}
${rest ?? direct(`${test.signal}: {receivers: [otlp], processors: ${chain}, exporters: [${name}]}`)}`;
}

function direct(pipeline: string): string {
  return `service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    ${pipeline}
`;
}

/** Takes OTLP on both ports and forgets it. */
export function sinkConfiguration([grpc, http]: readonly number[]): string {
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${grpc}", max_recv_msg_size_mib: 64}
      http: {endpoint: "127.0.0.1:${http}", max_request_body_size: 67108864}
exporters: {nop: }
service:
  telemetry: {metrics: {level: none}, logs: {level: error}}
  pipelines:
    traces: {receivers: [otlp], exporters: [nop]}
    metrics: {receivers: [otlp], exporters: [nop]}
    logs: {receivers: [otlp], exporters: [nop]}
`;
}
