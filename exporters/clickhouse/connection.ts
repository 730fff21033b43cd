import type { EngineEndpoint } from '../../component/extension.ts';
import type { Host } from '../../component/settings.ts';
import { loadTlsClient } from '../../config/groups/tls-load.ts';
import { isLoopback } from '../../config/schema/index.ts';
import { createHttpClient, type HttpClientOptions } from '../../storage/http-client.ts';
import { onCluster } from '../../storage/schema/table.ts';
import { quoteString, type SqlClient } from '../../storage/sql.ts';
import type { ClickHouseConfig, Compression } from './config.ts';
import { onAllNodes } from './insert.ts';

/** A ClickHouse and how to end statements in it. */
export interface Connection {
  readonly client: SqlClient;
  readonly compression: Compression;
  endQuery(queryId: string): Promise<void>;
}

/** Milliseconds that ending a statement may take. */
const END_MS = 30_000;

/** Opens what the configuration names: an extension's engine or a server. */
export async function connect(config: ClickHouseConfig, host: Host): Promise<Connection> {
  if (config.engine !== undefined) {
    const engine = host.extension(config.engine)?.capabilities.engine;
    if (engine === undefined) {
      throw new Error(
        `cannot use engine ${JSON.stringify(config.engine)}: no extension with this id that owns ` +
          'a ClickHouse is started; name it in service::extensions',
      );
    }
    return engineConnection(config, engine);
  }
  const url = new URL(config.endpoint!);
  const tls = url.protocol === 'https:' && config.tls ? await loadTlsClient(config.tls) : undefined;
  const client = createHttpClient({
    ...common(config),
    url: `${url.protocol}//${url.host}${url.pathname}`,
    ...login(config, url),
    ...(tls === undefined ? {} : { tls }),
  });
  const local = isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
  return {
    client,
    compression: config.compress ?? (local ? 'none' : 'lz4'),
    endQuery: (queryId) => killQuery(client, queryId, config.cluster_name),
  };
}

function engineConnection(config: ClickHouseConfig, engine: EngineEndpoint): Connection {
  const client = createHttpClient({
    ...common(config),
    url: engine.url,
    ...(engine.socketPath === undefined ? {} : { socketPath: engine.socketPath }),
    username: engine.username,
    password: engine.password,
  });
  return {
    client,
    compression: config.compress ?? 'none',
    endQuery: (queryId) => engine.endQuery(queryId),
  };
}

function common(config: ClickHouseConfig): Pick<HttpClientOptions, 'settings' | 'maxConnections'> {
  const maxConnections = (config.sending_queue?.num_consumers ?? 1) + 2;
  return { settings: config.connection_params, maxConnections };
}

/** User and password: the keys first, then those of the URL. */
function login(
  config: ClickHouseConfig,
  url: URL,
): Pick<HttpClientOptions, 'username' | 'password'> {
  const username = config.username ?? decodeURIComponent(url.username);
  const password = config.password?.reveal() ?? decodeURIComponent(url.password);
  return username === '' && password === '' ? {} : { username: username || 'default', password };
}

/**
 * Ends a statement and waits until it has ended; on a cluster on every node, with what it does
 * there for a Distributed table.
 */
async function killQuery(client: SqlClient, queryId: string, cluster: string): Promise<void> {
  const place = cluster === '' ? {} : { cluster };
  const column = cluster === '' ? 'query_id' : 'initial_query_id';
  const which = `${column} = ${quoteString(queryId)}`;
  await client.command(`KILL QUERY${onCluster(place)} WHERE ${which} SYNC`, {
    timeoutMs: END_MS,
    settings: onAllNodes(place, END_MS),
  });
}
