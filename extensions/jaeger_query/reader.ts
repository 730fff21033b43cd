import type { Settings } from '../../component/settings.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { TraceReader } from '../../storage/traces/reader.ts';
import type { Config } from './config.ts';

/** The reader of the configured schema, which also joins captured spans where they are kept. */
export async function openReader(
  settings: Settings,
  config: Config,
  client: SqlClient,
): Promise<TraceReader> {
  const { schema, traces_table_name: table } = config.storage;
  const { database = schema === 'smart' ? 'wirestitch' : 'default' } = config.storage;
  const timeoutMs = config.query_timeout;
  const now = (): number => settings.clock.unixMs();
  const { logger } = settings;
  if (schema === 'otel') {
    const { createOtelReader } = await import('../../storage/traces/otel-reader.ts');
    logger.info('spans of schema otel are shown as stored, nothing is stitched');
    const named = table === undefined ? {} : { table };
    return createOtelReader({ client, database, now, timeoutMs, ...named });
  }
  const { createSmartReader } = await import('../../storage/traces/smart-reader.ts');
  const reader = createSmartReader({ client, database, now, timeoutMs });
  const { stitch } = config;
  if (!stitch.enabled) return reader;
  const { createTraceKeys } = await import('../../storage/traces/keys.ts');
  const { createStitchedReader } = await import('../../query/stitched/reader.ts');
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
    onFailure: (error) => {
      const why = error instanceof Error ? error.message : String(error);
      logger.warn('cannot join a trace with all that was captured of it', { error: why });
    },
  });
}
