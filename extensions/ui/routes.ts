/** Which routes the page has, by what is configured. */
import type { Settings } from '../../component/settings.ts';
import { traceDatabase } from '../../config/groups/trace-storage.ts';
import { WebError, type WebRoute } from '../../query/web/route.ts';
import type { SqlClient } from '../../storage/sql.ts';
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
  const pipelines = pipelinesRoutes({ host: settings.host, build, tap: config.tap, now });
  return [info, ...pipelines, ...stored];
}

async function storedRoutes(options: RoutesOptions): Promise<readonly WebRoute[]> {
  if (options.client === undefined) return ['traces', 'services'].map(withoutStorage);
  return [];
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
