import type { AddressInfo } from 'node:net';
import type { ClientInfo, Consumer, Consumers, Context } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import type { GrpcServerConfig } from '../../config/groups/grpc-server.ts';
import { listenAddress } from '../../config/groups/listen.ts';
import { loadTlsServer } from '../../config/groups/tls-load.ts';
import { Decompressor } from '../../wire/compression/decompressor.ts';
import type { KeepaliveOptions } from '../../wire/grpc/keepalive.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import { GrpcServer, type ServerOptions } from '../../wire/grpc/server.ts';
import type { ServerCall, UnaryHandler } from '../../wire/grpc/server-call.ts';
import { encodeStatus } from '../../wire/status/status.ts';
import { Ingest } from './ingest.ts';

const noMetadata: ReadonlyMap<string, readonly string[]> = new Map();

function metadataOf(headers: readonly string[]): Map<string, string[]> {
  const metadata = new Map<string, string[]>();
  for (let i = 0; i < headers.length; i += 2) {
    const values = metadata.get(headers[i]!);
    if (values === undefined) metadata.set(headers[i]!, [headers[i + 1]!]);
    else values.push(headers[i + 1]!);
  }
  return metadata;
}

/** The context of a call; one object serves all plain calls of a connection. */
function contextOf(call: ServerCall): Context {
  const { connection, deadlineMs } = call;
  if (call.headers !== undefined) {
    const client = { address: connection.peer, metadata: metadataOf(call.headers) };
    return { client, deadlineMs };
  }
  const client = (connection.context ??= {
    address: connection.peer,
    metadata: noMetadata,
  }) as ClientInfo;
  return { client, deadlineMs };
}

function handlerFor<S extends Signal>(
  signal: S,
  next: Consumer<S>,
  settings: Settings,
): UnaryHandler {
  const ingest = new Ingest(signal, next, settings, 'grpc');
  return (call, message) => {
    ingest.take(message, 'protobuf', contextOf(call), (refusal) => {
      if (refusal === undefined) call.ok();
      else if (refusal.retryDelayMs === undefined) call.fail(refusal.code, refusal.message);
      else call.fail(refusal.code, refusal.message, encodeStatus(refusal));
    });
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

/** A running listener. */
export interface Listener {
  readonly address: AddressInfo | string;
  /** Takes no more requests, waits for those that are open, at most `drainMs`. */
  close(drainMs: number): Promise<void>;
}

/** Starts the gRPC side for the signals that have a consumer. */
export async function listenGrpc(
  config: GrpcServerConfig,
  settings: Settings,
  next: Consumers,
): Promise<Listener> {
  const methods = new Map<string, UnaryHandler>();
  for (const signal of signals) {
    const consumer = next[signal] as Consumer<typeof signal> | undefined;
    if (consumer === undefined) continue;
    methods.set(otlpPaths[signal], handlerFor(signal, consumer, settings));
  }
  const options: ServerOptions = {
    methods,
    maxMessageBytes: (config.max_recv_msg_size_mib || 4) * (1 << 20),
    maxConcurrentStreams: config.max_concurrent_streams || 1000,
    keepHeaders: config.include_metadata,
    budget: settings.budget,
    decompressor: new Decompressor(settings.budget),
    time: settings.clock,
    random: () => settings.random.float(),
    keepalive: keepaliveOf(config),
    ...(config.tls === undefined ? {} : { tls: await loadTlsServer(config.tls) }),
  };
  const server = new GrpcServer(options);
  const address = await server.listen(listenAddress(config), (error) => settings.host.fatal(error));
  settings.logger.info('Starting GRPC server', { endpoint: config.endpoint });
  const stopReload = reloadTls(config, settings, (tls) => server.setSecureContext(tls));
  return {
    address,
    close: (drainMs) => {
      stopReload();
      return server.close(drainMs);
    },
  };
}

/** Reads certificates again every `reload_interval`. @returns what stops it */
export function reloadTls(
  { tls }: Pick<GrpcServerConfig, 'tls'>,
  settings: Settings,
  apply: (options: Awaited<ReturnType<typeof loadTlsServer>>) => void,
): () => void {
  if (tls === undefined || tls.reload_interval === 0) return () => undefined;
  let stopped = false;
  let timer = settings.clock.after(tls.reload_interval, reload);
  function again(): void {
    if (!stopped) timer = settings.clock.after(tls!.reload_interval, reload);
  }
  function reload(): void {
    loadTlsServer(tls!)
      .then(apply)
      .catch((error: Error) => {
        settings.logger.warn('Failed to reload TLS certificates', { error: error.message });
      })
      .finally(again);
  }
  return () => {
    stopped = true;
    timer.cancel();
  };
}
