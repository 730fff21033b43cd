import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import {
  type GrpcTarget,
  grpcUsesTls,
  parseGrpcEndpoint,
} from '../../config/groups/grpc-client.ts';
import { sendable } from '../../config/groups/headers.ts';
import { proxyFor } from '../../config/groups/proxy.ts';
import { tlsClientSource } from '../../config/groups/tls-reload.ts';
import type { GrpcEncoding } from '../../wire/grpc/encodings.ts';
import { otlpPaths } from '../../wire/grpc/otlp-paths.ts';
import type { ChannelOptions } from './channel.ts';
import type { OtlpGrpcConfig } from './config.ts';

const maxCalls = 1000;
const leastPingMs = 10_000;
const pingTimeoutMs = 20_000;

/** @throws Error for a compression that gRPC has not */
function encodingOf({ compression }: OtlpGrpcConfig): GrpcEncoding | undefined {
  if (compression === 'none' || compression === '') return undefined;
  if (compression === 'gzip' || compression === 'snappy' || compression === 'zstd') {
    return compression;
  }
  throw new Error(`cannot compress: unsupported compression type ${JSON.stringify(compression)}`);
}

function keepaliveOf({ keepalive }: OtlpGrpcConfig): ChannelOptions['keepalive'] {
  return (
    keepalive && {
      timeMs: Math.max(leastPingMs, keepalive.time),
      timeoutMs: keepalive.timeout > 0 ? keepalive.timeout : pingTimeoutMs,
      permitWithoutStream: keepalive.permit_without_stream,
    }
  );
}

/** gRPC clients ask for the proxy of https URLs, whatever the connection is. */
function tunnelOf({ target, authority, resolve }: GrpcTarget): ChannelOptions['connect'] {
  if (!('host' in target) || !resolve) return undefined;
  const proxy = proxyFor(`https://${authority}`, process.env);
  if (proxy === undefined) return undefined;
  return async () => (await import('./tunnel.ts')).openTunnel(proxy, authority);
}

async function lookUp(host: string): Promise<string[]> {
  const { lookup } = await import('node:dns/promises');
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
}

/**
 * How calls of one signal are made.
 * @throws Error for what can only be told at start: an endpoint or header that cannot be used
 */
export function channelOptions(
  signal: Signal,
  settings: Settings,
  config: OtlpGrpcConfig,
): ChannelOptions {
  const parsed = parseGrpcEndpoint(config.endpoint);
  const { build } = settings;
  const agent = `${build.command}/${build.version} (${process.platform}/${process.arch})`;
  const balancer = config.balancer_name.toLowerCase();
  return {
    target: parsed.target,
    path: otlpPaths[signal],
    authority: config.authority || parsed.authority,
    userAgent: config.user_agent || agent,
    headers: sendable(config.headers),
    encoding: encodingOf(config),
    tls: grpcUsesTls(config) ? tlsClientSource(config.tls, settings) : undefined,
    keepalive: keepaliveOf(config),
    timeoutMs: config.timeout,
    time: settings.clock,
    random: () => settings.random.float(),
    maxCalls,
    waitForReady: config.wait_for_ready,
    connect: tunnelOf(parsed),
    balance: parsed.resolve && balancer === 'round_robin',
    lookup: lookUp,
  };
}
