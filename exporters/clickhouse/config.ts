import { z } from 'zod';
import { type TlsClientConfig, tlsClient } from '../../config/groups/tls.ts';
import { duration, type Secret, secret, section } from '../../config/schema/index.ts';
import { deliveryKeys, type ExporterConfig } from '../../pipeline/config.ts';
import type { Place } from '../../storage/schema/table.ts';

export const compressions = ['none', 'lz4', 'zstd', 'gzip', 'deflate', 'br'] as const;

export type Compression = (typeof compressions)[number];

/** Configuration of exporter `clickhouse`, decoded. */
export interface ClickHouseConfig extends ExporterConfig {
  readonly endpoint?: string | undefined;
  readonly engine?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly database: string;
  readonly schema: 'smart' | 'otel';
  readonly create_schema: boolean;
  /** Milliseconds; 0 = kept for ever; absent = as the tables have it, new ones for ever. */
  readonly ttl?: number | undefined;
  readonly compress?: Compression | undefined;
  readonly connection_params: Readonly<Record<string, string>>;
  readonly tls?: TlsClientConfig | undefined;
  readonly cluster_name: string;
  readonly table_engine: { readonly name: string; readonly params: string };
  readonly traces_table_name: string;
  readonly logs_table_name: string;
  readonly metrics_tables: {
    readonly [K in 'gauge' | 'sum' | 'summary' | 'histogram' | 'exponential_histogram']: {
      readonly name: string;
    };
  };
  readonly durability: 'process' | 'power';
  readonly service_edges: {
    readonly enabled: boolean;
    readonly interval: number;
    readonly late_window: number;
  };
}

const metricTable = (name: string) =>
  z
    .strictObject({ name: z.string().min(1).default(name).describe('table') })
    .prefault({})
    .describe(`where points of this kind go; default ${name}`);

const compress = z.preprocess(
  (value) => (value === true ? 'lz4' : value === false ? 'none' : value),
  z.enum(compressions).optional(),
);

const tables = {
  traces_table_name: z.string().min(1).default('otel_traces').describe('schema otel: spans'),
  logs_table_name: z.string().min(1).default('otel_logs').describe('schema otel: log records'),
  metrics_tables: z
    .strictObject({
      gauge: metricTable('otel_metrics_gauge'),
      sum: metricTable('otel_metrics_sum'),
      summary: metricTable('otel_metrics_summary'),
      histogram: metricTable('otel_metrics_histogram'),
      exponential_histogram: metricTable('otel_metrics_exp_histogram'),
    })
    .prefault({})
    .describe('tables of data points by kind of metric'),
};

const connection = {
  endpoint: z
    .string()
    .optional()
    .describe('http://host:8123 or https://host:8443 of a ClickHouse server'),
  engine: z
    .string()
    .optional()
    .describe('id of an embedded_clickhouse extension, instead of endpoint'),
  username: z.string().optional().describe('user; default is what the server takes as default'),
  password: secret().optional().describe('password of the user'),
  database: z.string().min(1).default('default').describe('database of all tables'),
  connection_params: z
    .record(z.string(), z.coerce.string())
    .default({})
    .describe('ClickHouse settings of every statement'),
  tls: section(tlsClient()).describe('TLS of https endpoints'),
  compress: compress.describe(
    'how blocks are compressed: none, lz4, zstd, gzip, deflate or br; default none on this ' +
      'machine, otherwise lz4',
  ),
};

const schemaKeys = {
  schema: z
    .enum(['smart', 'otel'])
    .default('smart')
    .describe("smart: the project's tables; otel: the tables of the Go collector's exporter"),
  create_schema: z
    .boolean()
    .default(true)
    .describe('whether database and tables are created at start'),
  ttl: duration({ min: 0 })
    .refine((ms) => ms % 1000 === 0, '`ttl` must be whole seconds')
    .optional()
    .describe(
      'age at which rows are removed; 0 = never; unset = what tables that exist have stays',
    ),
  cluster_name: z.string().default('').describe('cluster that statements are run ON; empty = none'),
  table_engine: z
    .strictObject({
      name: z.string().min(1).default('MergeTree').describe('engine of tables created'),
      params: z.string().default('').describe('arguments of the engine'),
    })
    .prefault({})
    .describe('schema otel: engine of the tables that are created'),
  durability: z
    .enum(['process', 'power'])
    .default('process')
    .describe('what delivered data survives: process = kill -9; power = loss of power, too'),
  service_edges: z
    .strictObject({
      enabled: z.boolean().default(true).describe('whether table service_edges is kept up to date'),
      interval: duration({ min: 1000 }).prefault('1m').describe('time between two runs'),
      late_window: duration({ min: 0 })
        .prefault('5m')
        .describe('how late spans may come and still be counted'),
    })
    .prefault({})
    .describe('schema smart: which service calls which, a row a minute'),
};

/** Faults that no single key shows. */
function check(
  config: { endpoint?: string | undefined; engine?: string | undefined },
  ctx: z.RefinementCtx,
): void {
  const { endpoint, engine } = config;
  if (endpoint === undefined && engine === undefined) {
    ctx.addIssue({ code: 'custom', message: 'endpoint must be specified' });
  } else if (endpoint !== undefined && engine !== undefined) {
    const message = 'endpoint and engine cannot both be given';
    ctx.addIssue({ code: 'custom', path: ['engine'], message });
  } else if (endpoint !== undefined) {
    const message = endpointFault(endpoint);
    if (message !== undefined) ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
  }
}

/** Why `endpoint` cannot be used; undefined when it can. */
export function endpointFault(endpoint: string): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(endpoint)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'endpoint must be url format';
  if (scheme === 'tcp' || scheme === 'clickhouse') {
    return (
      `cannot use ${JSON.stringify(endpoint)}: the native protocol is not spoken; ` +
      "give ClickHouse's HTTP port instead, e.g. http://host:8123"
    );
  }
  if (scheme !== 'http' && scheme !== 'https') {
    return `cannot use ${JSON.stringify(endpoint)}: the scheme must be http or https`;
  }
  if (endpoint.includes(',')) {
    return `cannot use ${JSON.stringify(endpoint)}: one host only; put a load balancer before more`;
  }
  return URL.canParse(endpoint) ? undefined : 'endpoint must be url format';
}

export const configSchema = z
  .strictObject({ ...connection, ...schemaKeys, ...tables, ...deliveryKeys() })
  .superRefine(check) as unknown as z.ZodType<ClickHouseConfig>;

/** Where the tables are. */
export function placeOf(config: Pick<ClickHouseConfig, 'database' | 'cluster_name'>): Place {
  const { database, cluster_name: cluster } = config;
  return cluster === '' ? { database } : { database, cluster };
}
