import { z } from 'zod';
import { duration, section } from '../schema/index.ts';
import { type AuthConfig, authSection, type MiddlewareConfig, middlewaresKey } from './auth.ts';
import { checkListen, type ListenConfig, listenKeys } from './listen.ts';
import { optionalSection } from './optional.ts';
import { type TlsServerConfig, tlsServer } from './tls.ts';

/** All times in milliseconds; 0 and absent mean the default. */
export interface GrpcServerConfig extends ListenConfig {
  readonly tls?: TlsServerConfig | undefined;
  readonly auth?: AuthConfig | undefined;
  readonly middlewares: readonly MiddlewareConfig[];
  readonly max_recv_msg_size_mib: number;
  readonly max_concurrent_streams: number;
  readonly read_buffer_size: number;
  readonly write_buffer_size: number;
  readonly include_metadata: boolean;
  readonly keepalive?:
    | {
        readonly server_parameters?:
          | {
              readonly max_connection_idle: number;
              readonly max_connection_age: number;
              readonly max_connection_age_grace: number;
              readonly time: number;
              readonly timeout: number;
            }
          | undefined;
        readonly enforcement_policy?:
          | { readonly min_time: number; readonly permit_without_stream: boolean }
          | undefined;
      }
    | undefined;
}

const time = (text: string) =>
  duration({ min: Number.NEGATIVE_INFINITY }).prefault(0).describe(text);

const keepalive = z.strictObject({
  server_parameters: section(
    z.strictObject({
      max_connection_idle: time('a connection without calls for so long is ended; 0 = never'),
      max_connection_age: time('a connection this old is ended, give or take 10 %; 0 = never'),
      max_connection_age_grace: time('time that its calls have to end then; 0 = any'),
      time: time('a client that is silent for so long is sent a PING; 0 = 2h'),
      timeout: time('time it has to answer; 0 = 20s'),
    }),
  ).describe('keepalive by the server'),
  enforcement_policy: section(
    z.strictObject({
      min_time: time('clients that send PINGs more often are told to go; 0 = 5m'),
      permit_without_stream: z
        .boolean()
        .default(false)
        .describe('whether clients may send PINGs while they have no call'),
    }),
  ).describe('what clients may do'),
});

const bufferSize = (key: string, text: string) =>
  z
    .int()
    .refine((bytes) => bytes >= 0, {
      error: (issue) => `invalid ${key} value: ${issue.input}`,
    })
    .default(0)
    .describe(text)
    .meta({ unused: 'the runtime chooses how much it reads and writes at a time' });

const mebibytesMax = 8_796_093_022_207;

/** The section of a gRPC server, all keys of the Go collector's configgrpc.ServerConfig. */
export function grpcServer(defaultEndpoint: string) {
  return z
    .strictObject({
      ...listenKeys(defaultEndpoint),
      tls: optionalSection(tlsServer()).describe('TLS; absent = plain text'),
      auth: authSection('checks requests'),
      middlewares: middlewaresKey(),
      max_recv_msg_size_mib: z
        .int()
        .refine((mib) => mib >= 0 && mib <= mebibytesMax, {
          error: (issue) =>
            `invalid max_recv_msg_size_mib value, must be between 1 and ${mebibytesMax}: ${issue.input}`,
        })
        .default(0)
        .describe('largest message in MiB, as sent and decompressed; 0 = 4'),
      max_concurrent_streams: z
        .int()
        .min(0)
        .max(0xffffffff)
        .default(0)
        .describe('calls that a connection may have open; 0 = 1000'),
      read_buffer_size: bufferSize('read_buffer_size', 'bytes read from a connection at a time'),
      write_buffer_size: bufferSize('write_buffer_size', 'bytes of answers held before writing'),
      include_metadata: z
        .boolean()
        .default(false)
        .describe('whether request metadata is kept with the data'),
      keepalive: section(keepalive).describe('keepalive of connections'),
    })
    .superRefine(checkListen);
}

/** The limit of a message in bytes; gRPC cannot frame more than 4 GiB. */
export function maxMessageBytes(config: Pick<GrpcServerConfig, 'max_recv_msg_size_mib'>): number {
  return Math.min((config.max_recv_msg_size_mib || 4) * (1 << 20), 0xffffffff);
}
