import { z } from 'zod';
import { encodings } from '../../wire/compression/types.ts';
import { duration, type Headers, headers, section } from '../schema/index.ts';
import { type TlsClientConfig, tlsClient } from './tls.ts';

/** All times in milliseconds. */
export interface HttpClientConfig {
  readonly endpoint: string;
  readonly proxy_url?: string | undefined;
  readonly tls?: TlsClientConfig | undefined;
  readonly headers: Headers;
  readonly compression: (typeof encodings)[number] | 'none' | '';
  readonly compression_params?: { readonly level: number } | undefined;
  readonly max_conns_per_host: number;
  readonly idle_conn_timeout: number;
  readonly disable_keep_alives: boolean;
}

/** @returns whether `text` is an http or https URL */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * The keys of an HTTP client, the Go collector's confighttp.ClientConfig without `timeout` (which
 * exporters have), `auth`, `middlewares`, `cookies`, HTTP/2, idle connection and buffer limits.
 */
export function httpClientKeys(defaults: {
  readonly compression: HttpClientConfig['compression'];
}) {
  return {
    endpoint: z.string().default('').describe('base URL of the server'),
    proxy_url: z
      .string()
      .refine(isHttpUrl, { error: 'expected an http or https URL' })
      .optional()
      .describe('URL of an HTTP proxy'),
    tls: section(tlsClient()).describe('TLS of https endpoints'),
    headers: headers().prefault({}).describe('headers sent with every request'),
    compression: z
      .enum([...encodings, 'none', ''])
      .default(defaults.compression)
      .describe('content encoding of requests'),
    compression_params: z
      .strictObject({ level: z.int().min(-2).max(22).default(-1).describe('-1 = default') })
      .optional()
      .describe('level of gzip, zlib and deflate (-2 to 9) or zstd (nearest of 1, 3, 6, 11)'),
    max_conns_per_host: z.int().min(0).default(0).describe('connections to the server; 0 = 100'),
    idle_conn_timeout: duration()
      .prefault('90s')
      .describe('time that a connection may be idle; 0 = 90s'),
    disable_keep_alives: z.boolean().default(false).describe('a connection for every request'),
  };
}

/** Refines what {@link httpClientKeys} decodes. */
export function checkHttpClient(
  config: Pick<HttpClientConfig, 'compression' | 'compression_params'>,
  ctx: z.RefinementCtx,
): void {
  const level = config.compression_params?.level ?? -1;
  const kind = config.compression;
  const zlib = kind === 'gzip' || kind === 'zlib' || kind === 'deflate';
  const allowed = zlib ? level <= 9 : kind === 'zstd' ? level >= -1 : level === -1;
  if (allowed || kind === 'zstd') return;
  const message = `unsupported parameters {Level:${level}} for compression type ${JSON.stringify(kind)}`;
  ctx.addIssue({ code: 'custom', path: ['compression_params', 'level'], message });
}
