import { z } from 'zod';
import { encodings } from '../../wire/compression/types.ts';
import { duration, type Headers } from '../schema/index.ts';
import { type AuthConfig, authSection, type MiddlewareConfig, middlewaresKey } from './auth.ts';
import { headerList } from './headers.ts';
import { optionalSection } from './optional.ts';
import { type TlsClientConfig, tlsClient } from './tls.ts';

export { isHttpUrl } from './url.ts';

/** All times in milliseconds. */
export interface HttpClientConfig {
  readonly endpoint: string;
  /** '' = as the environment says. */
  readonly proxy_url: string;
  readonly tls: TlsClientConfig;
  readonly headers: Headers;
  readonly auth?: AuthConfig | undefined;
  readonly middlewares: readonly MiddlewareConfig[];
  readonly compression: CompressionType;
  readonly compression_params: { readonly level: number };
  readonly max_idle_conns: number;
  readonly max_idle_conns_per_host: number;
  readonly max_conns_per_host: number;
  readonly idle_conn_timeout: number;
  readonly disable_keep_alives: boolean;
  readonly read_buffer_size: number;
  readonly write_buffer_size: number;
  readonly http2_read_idle_timeout: number;
  readonly http2_ping_timeout: number;
  readonly force_attempt_http2: boolean;
  readonly cookies?: object | undefined;
}

/** Content codings of requests; '' and `none` = none. */
export type CompressionType = (typeof encodings)[number] | 'none' | '';

/** The key `compression` of clients. */
export function compressionKey(defaultType: CompressionType) {
  return z
    .enum([...encodings, 'none', ''], {
      error: (issue) => `unsupported compression type ${JSON.stringify(issue.input)}`,
    })
    .default(defaultType);
}

/**
 * The keys of an HTTP client, all of the Go collector's confighttp.ClientConfig but `timeout`,
 * which exporters have.
 */
export function httpClientKeys(defaults: { readonly compression: CompressionType }) {
  const time = (value: string, text: string) =>
    duration({ min: Number.NEGATIVE_INFINITY }).prefault(value).describe(text);
  const count = (value: number, text: string) => z.int().default(value).describe(text);
  const buffers = { unused: 'the runtime chooses how much it reads and writes at a time' };
  const idle = { unused: 'idle connections end after idle_conn_timeout, however many there are' };
  return {
    endpoint: z.string().default('').describe('base URL of the server'),
    proxy_url: z
      .string()
      .default('')
      .describe('URL of an HTTP proxy; absent = HTTP_PROXY, HTTPS_PROXY and NO_PROXY'),
    tls: tlsClient().prefault({}).describe('TLS of https endpoints'),
    headers: headerList().prefault({}).describe('headers sent with every request'),
    auth: authSection(),
    middlewares: middlewaresKey(),
    compression: compressionKey(defaults.compression).describe('content encoding of requests'),
    compression_params: z
      .strictObject({ level: count(0, '0 and -1 = default') })
      .prefault({})
      .describe('level of gzip, zlib and deflate (-2 to 9) or zstd (nearest of 1, 3, 6, 11)'),
    max_idle_conns: count(100, 'connections kept while idle').meta(idle),
    max_idle_conns_per_host: count(0, 'the same of one host').meta(idle),
    max_conns_per_host: count(0, 'connections to the server; 0 = 100'),
    idle_conn_timeout: time('90s', 'time that a connection may be idle; 0 = any'),
    disable_keep_alives: z.boolean().default(false).describe('a connection for every request'),
    read_buffer_size: count(0, 'bytes read from a connection at a time').meta(buffers),
    write_buffer_size: count(0, 'bytes held before writing').meta(buffers),
    http2_read_idle_timeout: time('0s', 'over HTTP/2 a PING is sent this often; 0 = none'),
    http2_ping_timeout: time('0s', 'time that the answer to a PING may take').meta({
      unused: 'a connection that does not answer is found by the time-out of a request',
    }),
    force_attempt_http2: z
      .boolean()
      .default(true)
      .describe('whether https servers are offered HTTP/2'),
    cookies: optionalSection(z.strictObject({})).describe(
      'whether cookies of the server are kept and sent back; `{}` = yes',
    ),
  };
}

/** Refines what {@link httpClientKeys} decodes. */
export function checkHttpClient(
  config: Pick<HttpClientConfig, 'compression' | 'compression_params'>,
  ctx: z.RefinementCtx,
): void {
  const { level } = config.compression_params;
  const kind = config.compression;
  if (kind === '' || kind === 'none' || kind === 'zstd' || level === 0) return;
  const zlib = kind === 'gzip' || kind === 'zlib' || kind === 'deflate';
  if (zlib && level >= -2 && level <= 9) return;
  const message = `unsupported parameters {Level:${level}} for compression type ${JSON.stringify(kind)}`;
  ctx.addIssue({ code: 'custom', path: ['compression_params', 'level'], message });
}

/** The level as createCompressor takes it: 0 is the default there as in the Go collector. */
export function compressionLevel(config: Pick<HttpClientConfig, 'compression_params'>): number {
  return config.compression_params.level === 0 ? -1 : config.compression_params.level;
}
