import type { ConnectionOptions, TlsOptions } from 'node:tls';
import type { Settings } from '../../component/settings.ts';
import { isGiven, type TlsClientConfig, type TlsServerConfig } from './tls.ts';
import { loadTlsClient, loadTlsServer } from './tls-load.ts';
import { watchFile } from './watch-file.ts';

type Needed = Pick<Settings, 'clock' | 'logger'>;

/**
 * Reads a server's certificates again every `reload_interval`, and when `client_ca_file` changes
 * where `client_ca_file_reload` asks for it. What cannot be read leaves the old ones in use.
 * @param apply takes them for new connections
 * @returns what stops it
 */
export function reloadTlsServer(
  tls: TlsServerConfig | undefined,
  { clock, logger }: Needed,
  apply: (options: TlsOptions) => void,
): () => void {
  if (tls === undefined) return () => undefined;
  let stopped = false;
  const reload = async (): Promise<void> => {
    try {
      const options = await loadTlsServer(tls);
      if (!stopped) apply(options);
    } catch (error) {
      logger.warn('Failed to reload TLS certificates', { error: (error as Error).message });
    }
  };
  const stops: (() => void)[] = [];
  if (tls.reload_interval > 0) {
    let timer = clock.after(tls.reload_interval, tick);
    function tick(): void {
      void reload().finally(() => {
        if (!stopped) timer = clock.after(tls!.reload_interval, tick);
      });
    }
    stops.push(() => timer.cancel());
  }
  if (tls.client_ca_file_reload && isGiven(tls.client_ca_file)) {
    stops.push(watchFile(tls.client_ca_file!, clock, () => void reload()));
  }
  return () => {
    stopped = true;
    for (const stop of stops) stop();
  };
}

/**
 * A client's certificates, to be asked for at each connection: read once, and again when they are
 * older than `reload_interval`. The same object comes back until then. What cannot be read again
 * leaves the old ones in use.
 */
export function tlsClientSource(
  tls: TlsClientConfig,
  { clock, logger }: Needed,
): () => Promise<ConnectionOptions> {
  let current: { readonly options: ConnectionOptions; loadedMs: number } | undefined;
  return async () => {
    const age = current === undefined ? 0 : clock.monotonicMs() - current.loadedMs;
    if (current !== undefined && (tls.reload_interval <= 0 || age < tls.reload_interval)) {
      return current.options;
    }
    try {
      current = { options: await loadTlsClient(tls), loadedMs: clock.monotonicMs() };
    } catch (error) {
      if (current === undefined) throw error;
      current.loadedMs = clock.monotonicMs();
      logger.warn('Failed to reload TLS certificates', { error: (error as Error).message });
    }
    return current.options;
  };
}
