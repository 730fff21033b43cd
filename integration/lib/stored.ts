/**
 * The program between real senders and the embedded ClickHouse, tables of schema `smart`: what was
 * stored is asked for by SQL and by the query APIs.
 */
import { freePorts } from '../../testing/ports.ts';
import { eventually } from './all-in-one.ts';
import { Program, scratch } from './program.ts';

const password = 'integration';

/** A receiver: its section in YAML flow style, and what it is part of. */
export interface StoredReceiver {
  readonly config: string;
  readonly signals: readonly ('traces' | 'metrics' | 'logs')[];
}

export interface Stored {
  readonly program: Program;
  /** Of this run: for sockets and configurations of senders. */
  readonly folder: string;
  /** Base of Jaeger's API. */
  readonly jaeger: string;
  /** Base of Prometheus' API. */
  readonly prometheus: string;
  /** Of the engine, for user `default` with `password`. */
  readonly clickhouse: string;
  readonly password: string;
  /** Rows of a query; integers of 64 bits are texts. @throws Error with ClickHouse's text */
  rows<Row>(sql: string): Promise<Row[]>;
  /** Waits until a query gives at least that many rows. @returns all that it gives then */
  whole<Row>(what: string, sql: string, count: number): Promise<Row[]>;
  /** Waits until everything that was accepted is delivered: for senders that have stopped. */
  settled(): Promise<void>;
  /** Waits until the ledger balances, and ends the program. */
  stop(): Promise<void>;
}

/** Everything is in one database: senders have services, or metrics, of their own. */
export async function startStored(
  receivers: Readonly<Record<string, StoredReceiver>>,
): Promise<Stored> {
  const folder = scratch();
  const [engine, jaeger, prometheus, metricsPort = 0] = await freePorts(4);
  const env = { WIRESTITCH_ENGINE_PASSWORD: password };
  const extensions = `  embedded_clickhouse: {path: "${folder.path}/clickhouse", listen: "127.0.0.1:${engine}"}
  jaeger_query: {endpoint: "127.0.0.1:${jaeger}", storage: {engine: embedded_clickhouse}}
  prometheus_query: {endpoint: "127.0.0.1:${prometheus}", storage: {engine: embedded_clickhouse}}
`;
  const program = await Program.startWith(
    configOf(receivers, extensions, metricsPort),
    folder.path,
    { env, metricsPort },
  );
  const clickhouse = `http://127.0.0.1:${engine}`;
  const rows = <Row>(sql: string) => query<Row>(clickhouse, sql);
  return {
    program,
    folder: folder.path,
    jaeger: `http://127.0.0.1:${jaeger}`,
    prometheus: `http://127.0.0.1:${prometheus}`,
    clickhouse,
    password,
    rows,
    async whole<Row>(what: string, sql: string, count: number): Promise<Row[]> {
      let found: Row[] = [];
      await eventually(`${count} ${what} are stored`, async () => {
        found = await rows<Row>(sql);
        return found.length >= count;
      }).catch((error: Error) => {
        throw new Error(`${error.message}; there are ${found.length}`, { cause: error });
      });
      return found;
    },
    settled: () => settled(program),
    async stop() {
      if (program.running) {
        const balances = async () => (await program.unbalanced()).length === 0;
        await eventually('the ledger balances', balances);
      }
      await program.stop();
      folder.remove();
    },
  };
}

async function settled(program: Program): Promise<void> {
  const kinds = ['spans', 'metric_points', 'log_records'];
  await eventually('all that was accepted is delivered', async () => {
    for (const kind of kinds) {
      const accepted = await program.metric(`otelcol_receiver_accepted_${kind}`);
      if ((await program.metric(`otelcol_exporter_sent_${kind}`)) !== accepted) return false;
    }
    return true;
  });
}

function configOf(
  receivers: Readonly<Record<string, StoredReceiver>>,
  extensions: string,
  metricsPort: number,
): string {
  const all = Object.entries(receivers);
  const sections = all.map(([id, { config }]) => `  ${id}: ${config}\n`);
  const signals = [...new Set(all.flatMap(([, receiver]) => receiver.signals))];
  const pipelines = signals.map((signal) => {
    const ids = all.filter(([, one]) => one.signals.includes(signal)).map(([id]) => id);
    return `    ${signal}: {receivers: [${ids.join(', ')}], exporters: [clickhouse]}\n`;
  });
  return `receivers:
${sections.join('')}exporters:
  clickhouse:
    engine: embedded_clickhouse
    database: wirestitch
    schema: smart
    sending_queue: {batch: {flush_timeout: 200ms, min_size: 10000, sizer: items}}
extensions:
${extensions}service:
  extensions: [embedded_clickhouse, jaeger_query, prometheus_query]
  telemetry:
    metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${metricsPort}}}}}]}
  pipelines:
${pipelines.join('')}`;
}

async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const search = new URLSearchParams({
    database: 'wirestitch',
    default_format: 'JSONEachRow',
    output_format_json_quote_64bit_integers: '1',
  });
  const headers = { 'X-ClickHouse-User': 'default', 'X-ClickHouse-Key': password };
  const response = await fetch(`${url}/?${search}`, { method: 'POST', body: sql, headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`cannot run ${sql}: ${text}`);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}
