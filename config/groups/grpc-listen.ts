import { type ClientInfo, type Context, noMetadata } from '../../component/consumer.ts';
import type { AuthData, ServerAuth } from '../../component/extension.ts';
import type { Settings } from '../../component/settings.ts';
import { Decompressor } from '../../wire/compression/decompressor.ts';
import type { KeepaliveOptions } from '../../wire/grpc/keepalive.ts';
import { GrpcServer, type ServerOptions } from '../../wire/grpc/server.ts';
import type { ServerCall } from '../../wire/grpc/server-call.ts';
import type { Method } from '../../wire/grpc/server-connection.ts';
import { Code } from '../../wire/status/code.ts';
import { authenticate, refuseMiddlewares, serverAuth } from './auth.ts';
import { type GrpcServerConfig, maxMessageBytes } from './grpc-server.ts';
import type { Listener } from './http-listen.ts';
import { listenAddress } from './listen.ts';
import { watchMethods } from './rpc-metrics.ts';
import { loadTlsServer } from './tls-load.ts';
import { reloadTlsServer } from './tls-reload.ts';

/** Headers that are the protocol's own business. */
const reserved: ReadonlySet<string> = new Set([
  'te',
  'grpc-encoding',
  'grpc-timeout',
  'grpc-message',
  'grpc-message-type',
  'grpc-status',
]);

/** Metadata as the Go collector has it: of the pseudo-headers only :authority, also as `host`. */
function metadataOf(headers: readonly string[]): Map<string, string[]> {
  const metadata = new Map<string, string[]>();
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if ((name.startsWith(':') && name !== ':authority') || reserved.has(name)) continue;
    const values = metadata.get(name);
    if (values === undefined) metadata.set(name, [headers[i + 1]!]);
    else values.push(headers[i + 1]!);
  }
  const authority = metadata.get(':authority');
  if (authority !== undefined && !metadata.has('host')) metadata.set('host', authority);
  return metadata;
}

/** The context of a call; one object serves all plain calls of a connection. */
function plainContext({ connection, deadlineMs }: ServerCall): Context {
  const client = (connection.context ??= {
    address: connection.peer,
    metadata: noMetadata,
  }) as ClientInfo;
  return { client, deadlineMs };
}

/** Lets a call through to `then`, with its context, or refuses it; at once where it can. */
export type Admit = (call: ServerCall, then: (ctx: Context) => void) => void;

function admission(config: GrpcServerConfig, auth: ServerAuth | undefined): Admit {
  const { include_metadata: includes } = config;
  if (auth === undefined && !includes) return (call, then) => then(plainContext(call));
  return (call, then) => {
    const headers = metadataOf(call.headers ?? []);
    const { connection, deadlineMs } = call;
    const metadata = includes ? headers : noMetadata;
    const accepted = (data: AuthData | undefined): void => {
      const known = { address: connection.peer, metadata };
      then({ client: data === undefined ? known : { ...known, auth: data }, deadlineMs });
    };
    if (auth === undefined) accepted(undefined);
    else {
      authenticate(auth, headers, connection.peer, accepted, (message) =>
        call.fail(Code.UNAUTHENTICATED, message),
      );
    }
  };
}

function keepaliveOf(config: GrpcServerConfig): Partial<KeepaliveOptions> {
  const server = config.keepalive?.server_parameters;
  const policy = config.keepalive?.enforcement_policy;
  const given = {
    maxConnectionIdleMs: server?.max_connection_idle,
    maxConnectionAgeMs: server?.max_connection_age,
    maxConnectionAgeGraceMs: server?.max_connection_age_grace,
    timeMs: server?.time,
    timeoutMs: server?.timeout,
    minTimeMs: policy?.min_time,
  };
  const set = Object.entries(given).filter(([, ms]) => ms !== undefined && ms > 0);
  return {
    ...Object.fromEntries(set),
    permitWithoutStream: policy?.permit_without_stream ?? false,
  };
}

/**
 * Opens a gRPC listener with limits, certificates, keepalive and authentication of the
 * configuration.
 * @param methodsOf handlers by path; each passes its calls through `admit` first
 * @throws Error that says why it cannot listen
 */
export async function openGrpcServer(
  config: GrpcServerConfig,
  settings: Settings,
  methodsOf: (admit: Admit) => ReadonlyMap<string, Method>,
): Promise<Listener> {
  refuseMiddlewares(settings.host, config.middlewares);
  const auth = serverAuth(settings.host, config.auth);
  const options: ServerOptions = {
    methods: watchMethods(settings, methodsOf(admission(config, auth))),
    maxMessageBytes: maxMessageBytes(config),
    maxConcurrentStreams: config.max_concurrent_streams || 1000,
    keepHeaders: config.include_metadata || auth !== undefined || settings.tracer.enabled,
    budget: settings.budget,
    decompressor: new Decompressor(settings.budget),
    time: settings.clock,
    random: () => settings.random.float(),
    keepalive: keepaliveOf(config),
    attach: (...wanted) => settings.host.listeners.attach(...wanted),
    ...(config.tls === undefined ? {} : { tls: await loadTlsServer(config.tls) }),
  };
  const server = new GrpcServer(options);
  const address = await server.listen(listenAddress(config), (error) => settings.host.fatal(error));
  settings.logger.info('Starting GRPC server', { endpoint: config.endpoint });
  const stopReload = reloadTlsServer(config.tls, settings, (tls) => server.setSecureContext(tls));
  return {
    address,
    close: (drainMs) => {
      stopReload();
      return server.close(drainMs);
    },
  };
}
