/** Which routes the page has, by what is configured. */
import type { Settings } from '../../component/settings.ts';
import { type TraceStorageConfig, traceDatabase } from '../../config/groups/trace-storage.ts';
import { WebError, type WebRoute } from '../../query/web/route.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { TagReader } from '../../storage/traces/tag-reader.ts';
import type { Config } from './config.ts';
import { infoRoute } from './info.ts';
import { pipelinesRoutes } from './pipelines/routes.ts';

export interface RoutesOptions {
  readonly settings: Settings;
  readonly config: Config;
  /** Undefined where no storage is configured. */
  readonly client: SqlClient | undefined;
  readonly token: string;
}

/** All routes, in no order. */
export async function uiRoutes(options: RoutesOptions): Promise<readonly WebRoute[]> {
  const { settings, config, token } = options;
  const { storage } = config;
  const { clock, build } = settings;
  const shown =
    storage === undefined
      ? undefined
      : { schema: storage.schema, database: traceDatabase(storage) };
  const now = (): number => clock.unixMs();
  const info = infoRoute({ version: build.version, now, storage: shown, token });
  const stored = await storedRoutes(options);
  const pipelines = pipelinesRoutes({ host: settings.host, build, tap: config.tap, clock });
  return [info, ...pipelines, ...stored];
}

interface Stored {
  readonly config: Config;
  readonly storage: TraceStorageConfig;
  readonly client: SqlClient;
  readonly database: string;
  readonly now: () => number;
  readonly logger: Settings['logger'];
}

async function storedRoutes(options: RoutesOptions): Promise<readonly WebRoute[]> {
  const { client, config, settings } = options;
  const { storage } = config;
  if (client === undefined || storage === undefined) {
    return ['services', 'operations', 'traces', 'traces/:id', 'service-list', 'service-map'].map(
      withoutStorage,
    );
  }
  const { clock, logger } = settings;
  const now = (): number => clock.unixMs();
  const stored = { config, storage, client, database: traceDatabase(storage), now, logger };
  return [...(await tracesOf(stored)), ...(await servicesOf(stored))];
}

async function tracesOf(stored: Stored): Promise<readonly WebRoute[]> {
  const { config, storage, client, database, now, logger } = stored;
  const { openTraces } = await import('../../query/open-traces.ts');
  const { searchRoutes } = await import('../../query/web/traces/routes.ts');
  const { traceRoutes } = await import('../../query/web/trace/routes.ts');
  const reader = await openTraces({
    config: { ...config, storage },
    client,
    database,
    now,
    onFailure: (error) => {
      const why = error instanceof Error ? error.message : String(error);
      logger.warn('cannot join a trace with all that was captured of it', { error: why });
    },
  });
  const { schema, traces_table_name: table = 'otel_traces' } = storage;
  return [
    ...searchRoutes({ reader, tags: await tagsOf(stored), now, maxTraces: config.max_traces }),
    ...traceRoutes({ reader, now, table: { schema, database, table } }),
  ];
}

async function tagsOf({ storage, client, database, now }: Stored): Promise<TagReader> {
  const options = { client, database, now };
  if (storage.schema === 'smart') {
    const { createSmartTags } = await import('../../storage/traces/smart-tags.ts');
    return createSmartTags(options);
  }
  const { createOtelTags } = await import('../../storage/traces/otel-tags.ts');
  const { traces_table_name: table } = storage;
  return createOtelTags(table === undefined ? options : { ...options, table });
}

async function servicesOf({ config, storage, client, database, now }: Stored) {
  const { servicesRoutes } = await import('../../query/web/services/routes.ts');
  if (storage.schema !== 'smart') return servicesRoutes({ reader: undefined, now });
  const { createServiceReader } = await import('../../storage/services/smart-reader.ts');
  const timeoutMs = config.query_timeout;
  return servicesRoutes({ reader: createServiceReader({ client, database, now, timeoutMs }), now });
}

function withoutStorage(what: string): WebRoute {
  return {
    method: 'GET',
    path: `/api/v1/${what}`,
    async handle() {
      const hint = 'Set storage of the extension ui to a ClickHouse, or read on under Pipelines.';
      throw new WebError('not_found', 'this program has no storage to read from', hint);
    },
  };
}
