import type { ClientInfo, Consumer, Consumers, Context } from '../../component/consumer.ts';
import type { AuthData, ServerAuth } from '../../component/extension.ts';
import type { Settings, Tracer } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { authenticate, refuseMiddlewares, serverAuth } from '../../config/groups/auth.ts';
import { type GrpcServerConfig, maxMessageBytes } from '../../config/groups/grpc-server.ts';
import type { Listener } from '../../config/groups/http-listen.ts';
import { listenAddress } from '../../config/groups/listen.ts';
import { loadTlsServer } from '../../config/groups/tls-load.ts';
import { reloadTlsServer } from '../../config/groups/tls-reload.ts';
import { Decompressor } from '../../wire/compression/decompressor.ts';
import type { KeepaliveOptions } from '../../wire/grpc/keepalive.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { GrpcServer, type ServerOptions } from '../../wire/grpc/server.ts';
import type { ServerCall, UnaryHandler } from '../../wire/grpc/server-call.ts';
import { Code } from '../../wire/status/code.ts';
import { encodeStatus } from '../../wire/status/status.ts';
import { Ingest } from './ingest.ts';

const noMetadata: ReadonlyMap<string, readonly string[]> = new Map();

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

/** How calls come to their context. */
type Admit = (call: ServerCall, then: (ctx: Context) => void) => void;

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

function handlerFor<S extends Signal>(
  signal: S,
  next: Consumer<S>,
  settings: Settings,
  admit: Admit,
): UnaryHandler {
  const ingest = new Ingest(signal, next, settings, 'grpc');
  const { tracer } = settings;
  const name = otlpPaths[signal].slice(1);
  return (call, message) => {
    admit(call, (given) => {
      const span = tracer.enabled
        ? tracer.start(name, 'server', parentOf(tracer, call))
        : undefined;
      const ctx = span === undefined ? given : { ...given, traceparent: span.traceparent };
      ingest.take(message, 'protobuf', ctx, (refusal) => {
        span?.set('rpc.system.name', 'grpc');
        span?.end(refusal?.message);
        if (refusal === undefined) call.ok();
        else if (refusal.retryDelayMs === undefined) call.fail(refusal.code, refusal.message);
        else call.fail(refusal.code, refusal.message, encodeStatus(refusal));
      });
    });
  };
}

function parentOf(tracer: Tracer, { headers = [] }: ServerCall): string | undefined {
  return tracer.extract((name) => {
    for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return headers[i + 1];
    return undefined;
  });
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

/** Starts the gRPC side for the signals that have a consumer. */
export async function listenGrpc(
  config: GrpcServerConfig,
  settings: Settings,
  next: Consumers,
): Promise<Listener> {
  refuseMiddlewares(settings.host, config.middlewares);
  const auth = serverAuth(settings.host, config.auth);
  const admit = admission(config, auth);
  const methods = new Map<string, UnaryHandler>();
  for (const signal of signals) {
    const consumer = next[signal] as Consumer<typeof signal> | undefined;
    if (consumer === undefined) continue;
    methods.set(otlpPaths[signal], handlerFor(signal, consumer, settings, admit));
  }
  const options: ServerOptions = {
    methods,
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
