import type { Settings } from '../../component/settings.ts';
import { traceSource } from '../../config/groups/trace-storage.ts';
import { openTraces } from '../../query/open-traces.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { TraceReader } from '../../storage/traces/reader.ts';
import type { Config } from './config.ts';

/** The reader of the configured schema, which also joins captured spans where they are kept. */
export async function openReader(
  settings: Settings,
  config: Config,
  client: SqlClient,
): Promise<TraceReader> {
  const { clock, logger } = settings;
  if (config.storage.schema === 'otel') {
    logger.info('spans of schema otel are shown as stored, nothing is stitched');
  }
  return openTraces({
    ...traceSource(config),
    client,
    now: () => clock.unixMs(),
    warn: (message, fields) => logger.warn(message, fields),
  });
}
