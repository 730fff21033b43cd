import { z } from 'zod';
import { type GrpcServerConfig, grpcServer } from '../../config/groups/grpc-server.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { section } from '../../config/schema/index.ts';

/** A UDP port of the agent's protocols; sizes in bytes, `socket_buffer_size` 0 = the system's. */
export interface UdpConfig {
  readonly endpoint: string;
  readonly queue_size: number;
  readonly max_packet_size: number;
  readonly workers: number;
  readonly socket_buffer_size: number;
}

/** The keys as they are decoded; a protocol that is undefined is off. */
export interface JaegerReceiverConfig {
  readonly protocols: {
    readonly grpc?: GrpcServerConfig | undefined;
    readonly thrift_http?: HttpServerConfig | undefined;
    readonly thrift_binary?: UdpConfig | undefined;
    readonly thrift_compact?: UdpConfig | undefined;
  };
}

const udp = (endpoint: string) =>
  z.strictObject({
    endpoint: z.string().default(endpoint).describe('address to listen on, `host:port`'),
    queue_size: z
      .int()
      .default(1000)
      .describe('packets that may wait for the pipeline; more are dropped'),
    max_packet_size: z.int().default(65_000).describe('bytes of a packet; larger ones are dropped'),
    workers: z
      .int()
      .default(10)
      .describe('packets that the pipeline has at a time; below 1 is refused at start'),
    socket_buffer_size: z
      .int()
      .default(0)
      .describe("bytes that the system holds for the socket; 0 = the system's"),
  });

const http = z.strictObject({
  ...httpServerKeys('localhost:14268', { read_header_timeout: '1m', write_timeout: '0' }),
});

/** What is wrong with the port of an endpoint. */
function portFault(endpoint: string): string | undefined {
  const colon = endpoint.lastIndexOf(':');
  const host = endpoint.slice(0, Math.max(colon, 0));
  const bracketed = /^\[[^[\]]*\]$/.test(host);
  if (colon < 0 || (/[:[\]]/.test(host) && !bracketed)) {
    return `endpoint is not formatted correctly: ${JSON.stringify(endpoint)}`;
  }
  const port = endpoint.slice(colon + 1);
  if (!/^[+-]?\d+$/.test(port)) return `endpoint port is not a number: ${JSON.stringify(endpoint)}`;
  const number = Number(port);
  if (number >= 1 && number <= 65_535) return undefined;
  return 'port number must be between 1 and 65535';
}

const names = {
  grpc: 'gRPC',
  thrift_http: 'Thrift HTTP',
  thrift_binary: 'Thrift UDP Binary',
  thrift_compact: 'Thrift UDP Compact',
} as const;

type Protocol = keyof typeof names;

/** Configuration of the receiver; a protocol without its key is off. */
export const config = z
  .strictObject({
    protocols: z
      .strictObject({
        grpc: section(grpcServer('localhost:14250')).describe('protobuf over gRPC; absent = off'),
        thrift_http: section(http.superRefine(checkHttpServer)).describe(
          'Thrift over HTTP; absent = off',
        ),
        thrift_binary: section(udp('localhost:6832')).describe(
          "packets of an agent's clients in Thrift's binary protocol; absent = off",
        ),
        thrift_compact: section(udp('localhost:6831')).describe(
          "packets of an agent's clients in Thrift's compact protocol; absent = off",
        ),
      })
      .prefault({})
      .describe('what to listen for'),
    remote_sampling: z
      .unknown()
      .optional()
      .describe('refused: see extension jaeger_remote_sampling'),
  })
  .superRefine(({ protocols, remote_sampling: sampling }, ctx) => {
    const report = (path: string[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message });
    if (Object.values(protocols).every((one) => one === undefined)) {
      report(['protocols'], 'must specify at least one protocol when using the Jaeger receiver');
    }
    for (const [key, name] of Object.entries(names) as [Protocol, string][]) {
      const endpoint = protocols[key]?.endpoint;
      const fault = endpoint === undefined ? undefined : portFault(endpoint);
      if (fault === undefined) continue;
      report(
        ['protocols', key, 'endpoint'],
        `invalid port number for the ${name} endpoint: ${fault}`,
      );
    }
    if (sampling !== undefined && sampling !== null) {
      const instead = 'use the `jaegerremotesampling` extension instead';
      report(
        ['remote_sampling'],
        `remote sampling config detected in the Jaeger receiver; ${instead}`,
      );
    }
  })
  .transform(({ protocols }): JaegerReceiverConfig => ({ protocols }));
