/** Opens the reader of traces that a configuration asks for, with what it stands on. */
import type { SqlClient } from '../storage/sql.ts';
import type { TraceReader } from '../storage/traces/reader.ts';

/** Which tables are read, and how spans are joined; keys and units are those of YAML. */
export interface TracesConfig {
  readonly storage: {
    readonly schema: 'smart' | 'otel';
    readonly traces_table_name?: string | undefined;
  };
  /** Times in milliseconds. */
  readonly stitch: {
    readonly enabled: boolean;
    readonly max_rounds: number;
    readonly max_spans: number;
    readonly network_delay: number;
    readonly clock_offset: number;
    readonly reach: number;
  };
  /** Time of one call in milliseconds. */
  readonly query_timeout: number;
}

export interface OpenTracesOptions {
  readonly config: TracesConfig;
  readonly client: SqlClient;
  readonly database: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told why a trace is shown without all that was captured of it. */
  readonly onFailure: (error: unknown) => void;
}

/** The reader of the configured schema, which also joins captured spans where they are kept. */
export async function openTraces(options: OpenTracesOptions): Promise<TraceReader> {
  const { config, client, database, now, onFailure } = options;
  const { query_timeout: timeoutMs, stitch } = config;
  const { schema, traces_table_name: table } = config.storage;
  if (schema === 'otel') {
    const { createOtelReader } = await import('../storage/traces/otel-reader.ts');
    const named = table === undefined ? {} : { table };
    return createOtelReader({ client, database, now, timeoutMs, ...named });
  }
  const { createSmartReader } = await import('../storage/traces/smart-reader.ts');
  const reader = createSmartReader({ client, database, now, timeoutMs });
  if (!stitch.enabled) return reader;
  const { createTraceKeys } = await import('../storage/traces/keys.ts');
  const { createStitchedReader } = await import('./stitched/reader.ts');
  return createStitchedReader({
    reader,
    keys: createTraceKeys({ client, database, now, timeoutMs }),
    now,
    timeoutMs,
    maxRounds: stitch.max_rounds,
    maxSpans: stitch.max_spans,
    networkDelayNs: stitch.network_delay * 1e6,
    clockOffsetNs: stitch.clock_offset * 1e6,
    reachNs: BigInt(Math.round(stitch.reach * 1e6)),
    onFailure,
  });
}
