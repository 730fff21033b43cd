import { z } from 'zod';
import { encodings } from '../../wire/compression/types.ts';
import { byteSize, duration, type Headers, headers, section } from '../schema/index.ts';
import { checkListen, type ListenConfig, listenKeys } from './listen.ts';
import { type TlsServerConfig, tlsServer } from './tls.ts';

/** Cross-origin requests by browsers. */
export interface CorsConfig {
  /** With at most one `*` each. */
  readonly allowed_origins: readonly string[];
  readonly allowed_headers: readonly string[];
  readonly exposed_headers: readonly string[];
  /** Seconds. */
  readonly max_age: number;
}

/** All times in milliseconds. */
export interface HttpServerConfig extends ListenConfig {
  readonly tls?: TlsServerConfig | undefined;
  readonly cors?: CorsConfig | undefined;
  readonly max_request_body_size: number;
  readonly include_metadata: boolean;
  readonly compression_algorithms: readonly string[];
  readonly read_timeout: number;
  readonly read_header_timeout: number;
  readonly idle_timeout: number;
  readonly keep_alives_enabled: boolean;
  readonly response_headers: Headers;
}

const list = (text: string) => z.array(z.string()).default([]).describe(text);

const cors = z.strictObject({
  allowed_origins: list('origins that may send, with a `*` for any text; none = no CORS'),
  allowed_headers: list('request headers beyond the simple ones that browsers may send; `*` = all'),
  exposed_headers: list('response headers that scripts may read'),
  max_age: z.int().min(0).default(0).describe('seconds that a preflight answer may be kept; 0 = 5'),
});

/**
 * The keys of an HTTP server, the Go collector's confighttp.ServerConfig without `auth`,
 * `middlewares` and `write_timeout`.
 */
export function httpServerKeys(defaultEndpoint: string) {
  return {
    ...listenKeys(defaultEndpoint),
    tls: section(tlsServer()).describe('TLS; absent = plain text'),
    cors: section(cors).describe('cross-origin requests by browsers'),
    max_request_body_size: byteSize()
      .prefault(20 << 20)
      .describe('largest request body in bytes, as sent and decompressed; 0 = 20 MiB'),
    include_metadata: z
      .boolean()
      .default(false)
      .describe('whether request headers are kept with the data'),
    compression_algorithms: z
      .array(z.enum(['', ...encodings]))
      .default(['', ...encodings])
      .describe('content encodings that are decompressed; [] = bodies are taken as they are'),
    read_timeout: duration().prefault('5m').describe('time for a whole request to come; 0 = any'),
    read_header_timeout: duration()
      .prefault('1m')
      .describe("time for a request's headers to come; 0 = any"),
    idle_timeout: duration()
      .prefault(0)
      .describe('time that a connection may wait for its next request; 0 = any'),
    keep_alives_enabled: z
      .boolean()
      .default(true)
      .describe('whether connections serve more than one request'),
    response_headers: headers().prefault({}).describe('headers added to every answer'),
  };
}

/** Refines what {@link httpServerKeys} decodes. */
export const checkHttpServer = checkListen;
