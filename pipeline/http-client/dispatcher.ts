import type { ConnectionOptions } from 'node:tls';
import type { buildConnector, Dispatcher } from 'undici';

/** How the connections of a client are made and kept; times are milliseconds. */
export interface DispatcherOptions {
  readonly url: string;
  /** Asked for at each connection. */
  readonly tls: () => Promise<ConnectionOptions>;
  readonly proxyUrl?: string | undefined;
  readonly maxConnections: number;
  readonly idleMs: number;
  readonly keepAlive: boolean;
  /** Whether https servers are offered HTTP/2. */
  readonly http2: boolean;
  /** A PING every so often over HTTP/2; 0 = none. */
  readonly pingMs: number;
}

type Connect = buildConnector.connector;

/** Connects with the certificates of the moment. */
function connector(
  build: typeof buildConnector,
  { tls, http2 }: Pick<DispatcherOptions, 'tls' | 'http2'>,
): Connect {
  let made: { readonly tls: ConnectionOptions; readonly connect: Connect } | undefined;
  return (options, callback) => {
    tls().then(
      (now) => {
        if (made?.tls !== now) {
          const given = { ...now, allowH2: http2 } as buildConnector.BuildOptions;
          made = { tls: now, connect: build(given) };
        }
        made.connect(options, callback);
      },
      (error: Error) => callback(error, null),
    );
  };
}

/** A bounded number of kept connections to the server of a URL, or to a proxy. */
export async function createDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const { Pool, ProxyAgent, buildConnector: build } = await import('undici');
  const { proxyUrl, url, http2, pingMs } = options;
  const common = {
    connections: options.maxConnections,
    keepAliveTimeout: options.idleMs,
    keepAliveMaxTimeout: options.idleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: options.keepAlive ? 1 : 0,
  };
  const target = new URL(url);
  if (proxyUrl === undefined) {
    const connect = connector(build, options);
    return new Pool(target.origin, { ...common, connect, allowH2: http2, pingInterval: pingMs });
  }
  const requestTls = (await options.tls()) as buildConnector.BuildOptions;
  const proxyTunnel = target.protocol === 'https:';
  return new ProxyAgent({ ...common, uri: proxyUrl, requestTls, proxyTunnel });
}
