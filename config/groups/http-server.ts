import { z } from 'zod';
import { duration, type Headers } from '../schema/index.ts';
import {
  type HttpServerAuthConfig,
  httpServerAuthSection,
  type MiddlewareConfig,
  middlewaresKey,
} from './auth.ts';
import { headerList } from './headers.ts';
import { checkListen, type ListenConfig, listenKeys } from './listen.ts';
import { optionalSection } from './optional.ts';
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
  readonly auth?: HttpServerAuthConfig | undefined;
  readonly middlewares: readonly MiddlewareConfig[];
  /** Bytes; 0 and below = 20 MiB. */
  readonly max_request_body_size: number;
  readonly include_metadata: boolean;
  /** undefined = all that are known. */
  readonly compression_algorithms?: readonly string[] | undefined;
  readonly read_timeout: number;
  readonly read_header_timeout: number;
  readonly write_timeout: number;
  readonly idle_timeout: number;
  readonly keep_alives_enabled: boolean;
  readonly response_headers: Headers;
}

const list = (text: string) => z.array(z.string()).default([]).describe(text);

const cors = z.strictObject({
  allowed_origins: list('origins that may send, with a `*` for any text; none = no CORS'),
  allowed_headers: list('request headers beyond the simple ones that browsers may send; `*` = all'),
  exposed_headers: list('response headers that scripts may read'),
  max_age: z.int().default(0).describe('seconds that a preflight answer may be kept; 0 = 5'),
});

/** Times where a component's differ from the Go collector's confighttp. */
export interface HttpServerTimes {
  readonly read_timeout?: string;
  readonly read_header_timeout?: string;
  readonly write_timeout?: string;
  readonly idle_timeout?: string;
}

/** The keys of an HTTP server, all of the Go collector's confighttp.ServerConfig. */
export function httpServerKeys(defaultEndpoint: string, times: HttpServerTimes = {}) {
  const time = (value: string, text: string) =>
    duration({ min: Number.NEGATIVE_INFINITY }).prefault(value).describe(`${text}; 0 = any`);
  return {
    ...listenKeys(defaultEndpoint),
    tls: optionalSection(tlsServer()).describe('TLS; absent = plain text'),
    cors: optionalSection(cors).describe('cross-origin requests by browsers'),
    auth: httpServerAuthSection(),
    middlewares: middlewaresKey(),
    max_request_body_size: z
      .int()
      .default(0)
      .describe('largest request body in bytes, as sent and decompressed; 0 = 20 MiB'),
    include_metadata: z
      .boolean()
      .default(false)
      .describe('whether request headers are kept with the data'),
    compression_algorithms: z
      .array(z.string())
      .optional()
      .describe(
        'content encodings that are decompressed, "" for none; absent = all, [] = bodies are ' +
          'taken as they are',
      ),
    read_timeout: time(times.read_timeout ?? '0s', 'time for a whole request to come'),
    read_header_timeout: time(
      times.read_header_timeout ?? '1m',
      "time for a request's headers to come",
    ),
    write_timeout: time(times.write_timeout ?? '30s', 'time from the headers to the whole answer'),
    idle_timeout: time(
      times.idle_timeout ?? '1m',
      'time that a connection may wait for its next request',
    ),
    keep_alives_enabled: z
      .boolean()
      .default(true)
      .describe('whether connections serve more than one request'),
    response_headers: headerList().prefault({}).describe('headers added to every answer'),
  };
}

/** Refines what {@link httpServerKeys} decodes. */
export const checkHttpServer = checkListen;

/** The limit of a body in bytes. */
export function maxBodyBytes(config: Pick<HttpServerConfig, 'max_request_body_size'>): number {
  return config.max_request_body_size > 0 ? config.max_request_body_size : 20 << 20;
}
