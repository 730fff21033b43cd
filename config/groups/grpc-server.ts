import { z } from 'zod';
import { duration, section } from '../schema/index.ts';
import { checkListen, type ListenConfig, listenKeys } from './listen.ts';
import { type TlsServerConfig, tlsServer } from './tls.ts';

/** All times in milliseconds; 0 and absent mean the default. */
export interface GrpcServerConfig extends ListenConfig {
  readonly tls?: TlsServerConfig | undefined;
  readonly max_recv_msg_size_mib: number;
  readonly max_concurrent_streams: number;
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

const time = (text: string) => duration().prefault(0).describe(text);

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

/**
 * The section of a gRPC server, the Go collector's configgrpc.ServerConfig without `auth`,
 * `middlewares`, `dialer` and the buffer sizes.
 */
export function grpcServer(defaultEndpoint: string) {
  return z
    .strictObject({
      ...listenKeys(defaultEndpoint),
      tls: section(tlsServer()).describe('TLS; absent = plain text'),
      max_recv_msg_size_mib: z
        .int()
        .min(0)
        .max(2047)
        .default(0)
        .describe('largest message in MiB, as sent and decompressed; 0 = 4'),
      max_concurrent_streams: z
        .int()
        .min(0)
        .max(0x7fffffff)
        .default(0)
        .describe('calls that a connection may have open; 0 = 1000'),
      include_metadata: z
        .boolean()
        .default(false)
        .describe('whether request metadata is kept with the data'),
      keepalive: section(keepalive).describe('keepalive of connections'),
    })
    .superRefine(checkListen);
}
