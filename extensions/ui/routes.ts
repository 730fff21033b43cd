/** Which routes the page has, by what is configured. */
import type { Settings } from '../../component/settings.ts';
import { type TraceSource, traceSource } from '../../config/groups/trace-storage.ts';
import { WebError, type WebRoute } from '../../query/web/route.ts';
import type { SqlClient } from '../../storage/sql.ts';
import type { TagReader } from '../../storage/traces/tag-reader.ts';
import type { Config } from './config.ts';
import { infoRoute } from './info.ts';
import { pipelinesRoutes } from './pipelines/routes.ts';

/** What routes are made of. */
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
  const { clock, build } = settings;
  const source = sourceOf(config);
  const shown = source && { schema: source.schema, database: source.database };
  const now = (): number => clock.unixMs();
  const info = infoRoute({ version: build.version, now, storage: shown, token });
  const stored = await storedRoutes(options, source);
  const pipelines = pipelinesRoutes({ host: settings.host, build, tap: config.tap, clock });
  return [info, ...pipelines, ...stored];
}

/** undefined where no storage is configured. */
function sourceOf({ storage, stitch, query_timeout }: Config): TraceSource | undefined {
  return storage && traceSource({ storage, stitch, query_timeout });
}

interface Stored {
  readonly maxTraces: number;
  readonly source: TraceSource;
  readonly client: SqlClient;
  readonly now: () => number;
  readonly logger: Settings['logger'];
}

async function storedRoutes(
  { client, config, settings }: RoutesOptions,
  source: TraceSource | undefined,
): Promise<readonly WebRoute[]> {
  if (client === undefined || source === undefined) {
    return ['services', 'operations', 'traces', 'traces/:id', 'service-list', 'service-map'].map(
      withoutStorage,
    );
  }
  const { clock, logger } = settings;
  const now = (): number => clock.unixMs();
  const stored = { maxTraces: config.max_traces, source, client, now, logger };
  return [...(await tracesOf(stored)), ...(await servicesOf(stored))];
}

async function tracesOf(stored: Stored): Promise<readonly WebRoute[]> {
  const { maxTraces, source, client, now, logger } = stored;
  const { openTraces } = await import('../../query/open-traces.ts');
  const { searchRoutes } = await import('../../query/web/traces/routes.ts');
  const { traceRoutes } = await import('../../query/web/trace/routes.ts');
  const reader = await openTraces({
    ...source,
    client,
    now,
    warn: (message, fields) => logger.warn(message, fields),
  });
  const { schema, database, table } = source;
  return [
    ...searchRoutes({ reader, tags: await tagsOf(stored), now, maxTraces }),
    ...traceRoutes({ reader, now, table: { schema, database, table } }),
  ];
}

async function tagsOf({ source, client, now }: Stored): Promise<TagReader> {
  const { schema, database, table } = source;
  if (schema === 'smart') {
    const { createSmartTags } = await import('../../storage/traces/smart-tags.ts');
    return createSmartTags({ client, database, now });
  }
  const { createOtelTags } = await import('../../storage/traces/otel-tags.ts');
  return createOtelTags({ client, database, now, table });
}

async function servicesOf({ source, client, now }: Stored) {
  const { schema, database, timeoutMs } = source;
  const { servicesRoutes } = await import('../../query/web/services/routes.ts');
  if (schema !== 'smart') return servicesRoutes({ reader: undefined, now });
  const { createServiceReader } = await import('../../storage/services/smart-reader.ts');
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
