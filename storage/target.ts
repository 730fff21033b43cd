import type { Host } from '../component/settings.ts';
import type { SqlClient } from './sql.ts';

/** Where a component reads: a ClickHouse that an extension owns, or one elsewhere. */
export interface StorageConfig {
  /** Id of the extension. */
  readonly engine?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly username: string;
  readonly password?: { reveal(): string } | undefined;
}

/** What a client of that ClickHouse is made with. */
interface StorageTarget {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly socketPath?: string;
}

/**
 * A client of that ClickHouse, which connects when it is used.
 * @param timeoutMs of a statement that does not say otherwise
 * @throws Error when no started extension with that id owns a ClickHouse
 */
export async function openStorage(
  config: StorageConfig,
  host: Pick<Host, 'extension'>,
  timeoutMs: number,
): Promise<SqlClient> {
  const target = storageTarget(config, host);
  const { createHttpClient } = await import('./http-client.ts');
  return createHttpClient({ ...target, timeoutMs });
}

function storageTarget(config: StorageConfig, host: Pick<Host, 'extension'>): StorageTarget {
  const { engine: id, endpoint, username, password } = config;
  if (id === undefined)
    return { url: endpoint ?? '', username, password: password?.reveal() ?? '' };
  const engine = host.extension(id)?.capabilities.engine;
  if (engine === undefined) {
    throw new Error(
      `cannot use ${JSON.stringify(id)} as storage::engine: no started extension with this id ` +
        'owns a ClickHouse; list it before this one in service::extensions',
    );
  }
  const { url, socketPath, username: user, password: secret } = engine;
  const socket = socketPath === undefined ? {} : { socketPath };
  return { url, username: user, password: secret, ...socket };
}
