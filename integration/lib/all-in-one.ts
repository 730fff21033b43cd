import { join } from 'node:path';
import { freePorts } from '../../testing/ports.ts';
import { until } from '../../testing/until.ts';
import { Program, type ProgramOptions } from './program.ts';

export interface AllInOne {
  readonly program: Program;
  readonly otlpGrpc: string;
  readonly otlpHttp: string;
  readonly jaeger: string;
  readonly clickhouse: string;
  readonly password: string;
  readonly config: string;
  /** Starts the program again on the same ports and data. */
  restart(): Promise<AllInOne>;
  /** One value of a query on the engine. */
  scalar(sql: string): Promise<string>;
  stop(): Promise<number | null>;
}

export interface AllInOneOptions extends ProgramOptions {
  /** Lines below `exporters: clickhouse:`, with their indentation. */
  readonly exporter?: string;
  /** How the exporter collects what it writes, in YAML flow style; small and soon unless given. */
  readonly batch?: string;
  /** Further receivers of the traces pipeline: their sections in YAML flow style by id. */
  readonly receivers?: Readonly<Record<string, string>>;
  /** Further extensions, as the receivers; they start after the engine. */
  readonly extensions?: Readonly<Record<string, string>>;
}

const password = 'integration';

function yaml(folder: string, ports: readonly number[], options: AllInOneOptions): string {
  const [grpc, http, jaeger, clickhouse, metrics] = ports;
  const { exporter = '', receivers = {}, extensions = {} } = options;
  const { batch = '{flush_timeout: 300ms, min_size: 1048576}' } = options;
  const sections = (of: object) => Object.entries(of).map(([id, text]) => `  ${id}: ${text}\n`);
  const names = ['file_storage', 'embedded_clickhouse', 'jaeger_query', ...Object.keys(extensions)];
  return `receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:${grpc}", max_recv_msg_size_mib: 16}
      http: {endpoint: "127.0.0.1:${http}"}
${sections(receivers).join('')}exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    schema: smart
    retry_on_failure: {max_elapsed_time: 0}
    sending_queue:
      storage: file_storage
      sizer: bytes
      queue_size: 268435456
      batch: ${batch}
${exporter}
extensions:
  file_storage: {directory: "${join(folder, 'queue')}", create_directory: true}
  embedded_clickhouse: {path: "${join(folder, 'clickhouse')}", listen: "127.0.0.1:${clickhouse}"}
  jaeger_query:
    endpoint: "127.0.0.1:${jaeger}"
    storage: {engine: embedded_clickhouse}
${sections(extensions).join('')}service:
  extensions: [${names}]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metrics}}}}}]}
  pipelines:
    traces: {receivers: [${['otlp', ...Object.keys(receivers)]}], exporters: [clickhouse]}
`;
}

/** OTLP in, the embedded engine, Jaeger's API: the program as `npm start` runs it, in `folder`. */
export async function startAllInOne(
  folder: string,
  options: AllInOneOptions = {},
): Promise<AllInOne> {
  const ports = await freePorts(5);
  return startOn(ports, folder, options);
}

async function startOn(
  ports: readonly number[],
  folder: string,
  options: AllInOneOptions,
): Promise<AllInOne> {
  const config = yaml(folder, ports, options);
  const [grpc, http, jaeger, clickhouse, metricsPort = 0] = ports;
  const env = { ...options.env, WIRESTITCH_ENGINE_PASSWORD: password };
  const program = await Program.startWith(config, folder, { ...options, env, metricsPort });
  const engine = `http://127.0.0.1:${clickhouse}`;
  return {
    program,
    otlpGrpc: `127.0.0.1:${grpc}`,
    otlpHttp: `http://127.0.0.1:${http}`,
    jaeger: `http://127.0.0.1:${jaeger}`,
    clickhouse: engine,
    password,
    config,
    restart: () => startOn(ports, folder, options),
    async scalar(sql) {
      const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password };
      const response = await fetch(engine, { method: 'POST', body: sql, headers });
      const text = await response.text();
      if (!response.ok) throw new Error(`cannot run ${sql}: ${text}`);
      return text.trim();
    },
    stop: () => program.stop(),
  };
}

/** Posts OTLP/JSON. @returns the status */
export async function postOtlp(base: string, path: string, body: unknown): Promise<number> {
  const response = await fetch(`${base}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Polls until `check` holds; one that rejects does not hold yet. */
export async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  await until(check, what, undefined, 100);
}
