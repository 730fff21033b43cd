/** Opens the reader of traces that a configuration asks for, with what it stands on. */
import type { SqlClient } from '../storage/sql.ts';
import type { TraceReader } from '../storage/traces/reader.ts';
import type { StitchedOptions } from './stitched/reader.ts';

interface OpenTracesOptions {
  readonly client: SqlClient;
  readonly schema: 'smart' | 'otel';
  readonly database: string;
  /** Of the spans where the schema is otel. */
  readonly table: string;
  /** Time of one call. */
  readonly timeoutMs: number;
  /** How captured spans are joined, in schema smart; undefined = not at all. */
  readonly stitch:
    | Pick<
        StitchedOptions,
        'maxRounds' | 'maxSpans' | 'networkDelayNs' | 'clockOffsetNs' | 'reachNs'
      >
    | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Told why a trace is shown without all that was captured of it. */
  readonly warn: (message: string, fields: { readonly error: string }) => void;
}

/**
 * The reader of the configured schema, which also joins captured spans where they are kept.
 * @throws Error when the table of schema otel is one that cannot be read
 */
export async function openTraces(options: OpenTracesOptions): Promise<TraceReader> {
  const { client, schema, database, table, timeoutMs, stitch, now, warn } = options;
  if (schema === 'otel') {
    const { checkOtelTable, createOtelReader } = await import('../storage/traces/otel-reader.ts');
    await checkOtelTable(client, { database, table });
    return createOtelReader({ client, database, table, now, timeoutMs });
  }
  const { createSmartReader } = await import('../storage/traces/smart-reader.ts');
  const reader = createSmartReader({ client, database, now, timeoutMs });
  if (stitch === undefined) return reader;
  const { createTraceKeys } = await import('../storage/traces/keys.ts');
  const { createStitchedReader } = await import('./stitched/reader.ts');
  const onFailure = (error: unknown): void => {
    const why = error instanceof Error ? error.message : String(error);
    warn('cannot join a trace with all that was captured of it', { error: why });
  };
  const keys = createTraceKeys({ client, database, now, timeoutMs });
  return createStitchedReader({ ...stitch, reader, keys, now, timeoutMs, onFailure });
}
