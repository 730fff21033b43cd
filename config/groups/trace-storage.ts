import { z } from 'zod';
import { duration, type Secret } from '../schema/index.ts';
import { oneStorage, oneStorageFault, storageKeys } from './clickhouse-storage.ts';

/** Where traces are read: the section that {@link traceStorage} decodes. */
export interface TraceStorageConfig {
  readonly engine?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly username: string;
  readonly password?: Secret | undefined;
  readonly schema: 'smart' | 'otel';
  readonly database?: string | undefined;
  readonly traces_table_name?: string | undefined;
}

/** The section `storage` of extensions that read traces. */
export function traceStorage() {
  return z
    .strictObject({
      ...storageKeys,
      schema: z
        .enum(['smart', 'otel'])
        .default('smart')
        .describe('Tables of this program, or those of the contrib ClickHouse exporter.'),
      database: z
        .string()
        .min(1)
        .optional()
        .describe('Database of the tables; wirestitch for smart, default for otel.'),
      traces_table_name: z
        .string()
        .min(1)
        .optional()
        .describe('Table of the spans where schema is otel; otel_traces.'),
    })
    .refine(oneStorage, oneStorageFault)
    .refine((s) => s.schema === 'otel' || s.traces_table_name === undefined, {
      error: 'traces_table_name is for schema otel: the tables of smart have fixed names',
      path: ['traces_table_name'],
    });
}

/** How captured spans are joined into traces; times in milliseconds. */
export interface StitchConfig {
  readonly enabled: boolean;
  readonly max_rounds: number;
  readonly max_spans: number;
  readonly network_delay: number;
  readonly clock_offset: number;
  readonly reach: number;
}

/** The section `stitch` of extensions that read traces. */
export function stitchSection() {
  return z
    .strictObject({
      enabled: z.boolean().default(true).describe('Whether captured spans are joined into traces.'),
      max_rounds: z
        .int()
        .min(0)
        .max(100)
        .default(30)
        .describe('Searches one after the other for more of a trace, two for each hop.'),
      max_spans: z
        .int()
        .min(100)
        .max(100_000)
        .default(10_000)
        .describe('Most spans stitched at once.'),
      network_delay: duration()
        .prefault('50ms')
        .describe('Time a message may take between places.'),
      clock_offset: duration().prefault('10ms').describe('Difference of the clocks of two hosts.'),
      reach: duration()
        .prefault('30s')
        .describe('How long before and after a span its relatives are looked for.'),
    })
    .prefault({})
    .describe('Joins spans that were captured into the traces they are of.');
}

/** Which traces are read and how: what the sections of an extension say, in plain units. */
export interface TraceSource {
  readonly schema: 'smart' | 'otel';
  readonly database: string;
  /** Of the spans where the schema is otel. */
  readonly table: string;
  /** Of one call over all its statements. */
  readonly timeoutMs: number;
  /** How captured spans are joined; undefined = not at all. */
  readonly stitch:
    | {
        readonly maxRounds: number;
        readonly maxSpans: number;
        readonly networkDelayNs: number;
        readonly clockOffsetNs: number;
        readonly reachNs: bigint;
      }
    | undefined;
}

/** @param config `query_timeout` in milliseconds */
export function traceSource(config: {
  readonly storage: TraceStorageConfig;
  readonly stitch: StitchConfig;
  readonly query_timeout: number;
}): TraceSource {
  const { storage, stitch } = config;
  const { schema, database, traces_table_name: table = 'otel_traces' } = storage;
  const joins = stitch.enabled && schema === 'smart';
  return {
    schema,
    database: database ?? (schema === 'smart' ? 'wirestitch' : 'default'),
    table,
    timeoutMs: config.query_timeout,
    stitch: joins
      ? {
          maxRounds: stitch.max_rounds,
          maxSpans: stitch.max_spans,
          networkDelayNs: stitch.network_delay * 1e6,
          clockOffsetNs: stitch.clock_offset * 1e6,
          reachNs: BigInt(Math.round(stitch.reach * 1e6)),
        }
      : undefined,
  };
}
