import { z } from 'zod';
import { duration, type Headers, headers, parseEndpoint, section } from '../schema/index.ts';
import { type TlsClientConfig, tlsClient } from './tls.ts';

/** All times in milliseconds. */
export interface GrpcClientConfig {
  readonly endpoint: string;
  readonly compression: 'gzip' | 'snappy' | 'zstd' | 'none' | '';
  readonly tls?: TlsClientConfig | undefined;
  readonly keepalive?:
    | { readonly time: number; readonly timeout: number; readonly permit_without_stream: boolean }
    | undefined;
  readonly headers: Headers;
  readonly authority: string;
  readonly user_agent: string;
}

/** Where a gRPC client connects to. */
export interface GrpcTarget {
  readonly target: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The :authority when none is configured. */
  readonly authority: string;
  /** What the endpoint's scheme says of TLS; undefined = nothing. */
  readonly secure: boolean | undefined;
}

/**
 * Reads an endpoint: `host:port`, `http://host:port` (plain text), `https://host:port`,
 * `dns:///host:port`, `passthrough:///host:port` or `unix:/path`.
 * @returns undefined when it is none of these
 */
export function parseGrpcEndpoint(text: string): GrpcTarget | undefined {
  const unix = /^unix:(?:\/\/)?(\/.+)$/.exec(text);
  if (unix !== null)
    return { target: { path: unix[1]! }, authority: 'localhost', secure: undefined };
  const match = /^(?:(https?):\/\/|dns:\/\/\/|dns:|passthrough:\/\/\/)?([^/]+)\/?$/.exec(text);
  if (match === null) return undefined;
  const [, scheme, rest = ''] = match;
  const authority =
    /:\d+$/.test(rest) || scheme === undefined ? rest : `${rest}:${defaultPort(scheme)}`;
  const target = parseEndpoint(authority);
  if (target === undefined || target.host === '') return undefined;
  return { target, authority, secure: scheme === undefined ? undefined : scheme === 'https' };
}

function defaultPort(scheme: string): number {
  return scheme === 'https' ? 443 : 80;
}

const keepalive = z.strictObject({
  time: duration().prefault('10s').describe('a server silent for so long is sent a PING'),
  timeout: duration().prefault('10s').describe('time that it has to answer'),
  permit_without_stream: z.boolean().default(false).describe('also while there is no call'),
});

/**
 * The keys of a gRPC client, the Go collector's configgrpc.ClientConfig without `auth`,
 * `middlewares`, `balancer_name`, `wait_for_ready` and the buffer sizes.
 */
export function grpcClientKeys(defaults: {
  readonly compression: GrpcClientConfig['compression'];
}) {
  return {
    endpoint: z
      .string()
      .default('')
      .describe('server, `host:port`; http:// in front means plain text, https:// TLS'),
    compression: z
      .enum(['gzip', 'snappy', 'zstd', 'none', ''])
      .default(defaults.compression)
      .describe('gzip, snappy, zstd or none'),
    tls: section(tlsClient()).describe('TLS, which is on unless `insecure: true` is said'),
    keepalive: section(keepalive).describe('PINGs to notice a dead connection; absent = none'),
    headers: headers().prefault({}).describe('headers sent with every call'),
    authority: z.string().default('').describe('value of the :authority header'),
    user_agent: z.string().default('').describe('value of the user-agent header'),
  };
}
