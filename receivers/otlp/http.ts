import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Consumer, Consumers } from '../../component/consumer.ts';
import type { Settings } from '../../component/settings.ts';
import { type Signal, signals } from '../../component/signals.ts';
import { listenAddress } from '../../config/groups/listen.ts';
import { loadTlsServer } from '../../config/groups/tls-load.ts';
import { Decompressor } from '../../wire/compression/decompressor.ts';
import type { OtlpHttpConfig } from './config.ts';
import { Cors } from './cors.ts';
import { type Listener, reloadTls } from './grpc.ts';
import { type BodySink, HttpHandler } from './http-handler.ts';
import { Ingest } from './ingest.ts';

const maxConnections = 10_000;
const maxHeaderBytes = 64 * 1024;

function sinksOf(
  config: OtlpHttpConfig,
  settings: Settings,
  next: Consumers,
): Map<string, BodySink> {
  const sinks = new Map<string, BodySink>();
  for (const signal of signals) {
    const consumer = next[signal] as Consumer<Signal> | undefined;
    if (consumer === undefined) continue;
    sinks.set(config[`${signal}_url_path`], new Ingest(signal, consumer, settings, 'http'));
  }
  return sinks;
}

/** node:http refuses to give headers longer than the whole request. */
function headersTimeout({ read_timeout, read_header_timeout }: OtlpHttpConfig): number {
  if (read_timeout === 0 || read_header_timeout === 0) return read_header_timeout;
  return Math.min(read_timeout, read_header_timeout);
}

async function createServer(config: OtlpHttpConfig): Promise<Server> {
  const options = {
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: config.read_timeout,
    headersTimeout: headersTimeout(config),
    keepAliveTimeout: config.idle_timeout,
    connectionsCheckingInterval: 5000,
    noDelay: true,
  };
  if (config.tls === undefined) return (await import('node:http')).createServer(options);
  const tls = await loadTlsServer(config.tls);
  return (await import('node:https')).createServer({ ...options, ...tls });
}

function handlerOf(config: OtlpHttpConfig, settings: Settings, next: Consumers): HttpHandler {
  return new HttpHandler({
    sinks: sinksOf(config, settings, next),
    maxBodyBytes: config.max_request_body_size || 20 << 20,
    algorithms: new Set(config.compression_algorithms),
    includeMetadata: config.include_metadata,
    keepAlive: config.keep_alives_enabled,
    responseHeaders: config.response_headers.flatMap(([name, value]) => [name, value.reveal()]),
    cors: config.cors?.allowed_origins.length ? new Cors(config.cors) : undefined,
    budget: settings.budget,
    decompressor: new Decompressor(settings.budget),
  });
}

/** Starts the HTTP side for the signals that have a consumer. */
export async function listenHttp(
  config: OtlpHttpConfig,
  settings: Settings,
  next: Consumers,
): Promise<Listener> {
  const server = await createServer(config);
  const handler = handlerOf(config, settings, next);
  const sockets = new Set<Socket>();
  let open = 0;
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => {
    open += 1;
    response.on('close', () => {
      open -= 1;
    });
    handler.handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(listenAddress(config), () => {
      server.off('error', reject);
      server.on('error', (error) => settings.host.fatal(error));
      resolve();
    });
  });
  settings.logger.info('Starting HTTP server', { endpoint: config.endpoint });
  const stopReload = reloadTls(config, settings, (tls) => {
    if ('setSecureContext' in server) (server as import('node:https').Server).setSecureContext(tls);
  });
  return {
    address: server.address() as AddressInfo | string,
    close: async (drainMs) => {
      stopReload();
      server.close();
      server.closeIdleConnections();
      const until = settings.clock.monotonicMs() + drainMs;
      while (open > 0 && settings.clock.monotonicMs() < until) {
        await new Promise<void>((resolve) => {
          settings.clock.after(20, resolve);
        });
      }
      for (const socket of sockets) socket.destroy();
    },
  };
}
