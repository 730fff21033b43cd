import { z } from 'zod';
import { duration, type Headers, parseEndpoint } from '../schema/index.ts';
import { type AuthConfig, authSection, type MiddlewareConfig, middlewaresKey } from './auth.ts';
import { headerList } from './headers.ts';
import { type CompressionType, compressionKey } from './http-client.ts';
import { optionalSection } from './optional.ts';
import { type TlsClientConfig, tlsClient } from './tls.ts';
import { wantsTls } from './tls-load.ts';

/** All times in milliseconds. */
export interface GrpcClientConfig {
  readonly endpoint: string;
  /** Others than gzip, snappy, zstd and none are refused at start, as the Go collector does. */
  readonly compression: CompressionType;
  readonly tls: TlsClientConfig;
  readonly keepalive?:
    | { readonly time: number; readonly timeout: number; readonly permit_without_stream: boolean }
    | undefined;
  readonly headers: Headers;
  readonly auth?: AuthConfig | undefined;
  readonly middlewares: readonly MiddlewareConfig[];
  readonly authority: string;
  readonly user_agent: string;
  readonly balancer_name: string;
  readonly wait_for_ready: boolean;
  readonly read_buffer_size: number;
  readonly write_buffer_size: number;
}

/** Where a gRPC client connects to. */
export interface GrpcTarget {
  readonly target: { readonly host: string; readonly port: number } | { readonly path: string };
  /** The :authority when none is configured. */
  readonly authority: string;
  /** Whether the host is looked up and all its addresses used; `passthrough` leaves it as it is. */
  readonly resolve: boolean;
  /** The endpoint asks for TLS. */
  readonly https: boolean;
}

/** `host:port` of an endpoint: without http://, https:// or a resolver's `scheme://authority/`. */
function hostPort(endpoint: string): string {
  const plain = /^https?:\/\//.exec(endpoint);
  if (plain !== null) return endpoint.slice(plain[0].length);
  const resolver = /^[a-zA-Z][\w+.-]*:\/\/[^/]*(\/.*)?$/.exec(endpoint);
  return resolver === null ? endpoint : (resolver[1] ?? '').replace(/^\//, '');
}

/**
 * What is wrong with an endpoint by the Go collector's rules: a port is needed, and it is a number.
 * @returns undefined when nothing is, also for ''
 */
export function grpcEndpointFault(endpoint: string): string | undefined {
  if (endpoint.startsWith('unix://')) {
    return endpoint === 'unix://' ? 'unix socket path cannot be empty' : undefined;
  }
  const text = hostPort(endpoint);
  if (text === '') return undefined;
  const quoted = JSON.stringify(endpoint);
  const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text);
  if (match === null) {
    const many = !text.startsWith('[') && text.split(':').length > 2;
    return many ? `too many colons in address: ${quoted}` : `missing port in address: ${quoted}`;
  }
  return /^[+-]?\d+$/.test(match[3]!) ? undefined : `invalid port ${JSON.stringify(match[3])}`;
}

/**
 * Reads an endpoint: `host:port`, `http://host:port`, `https://host:port` (TLS whatever
 * `insecure` says), `dns:///host:port`, `passthrough:///host:port` or `unix:///path`.
 * @throws Error when nothing can be connected to there
 */
export function parseGrpcEndpoint(endpoint: string): GrpcTarget {
  const https = endpoint.startsWith('https://');
  if (endpoint.startsWith('unix://')) {
    const path = endpoint.slice('unix://'.length);
    return { target: { path }, authority: 'localhost', resolve: false, https };
  }
  const scheme = /^([a-zA-Z][\w+.-]*):\/\//.exec(endpoint)?.[1] ?? 'dns';
  const authority = hostPort(endpoint);
  const target = parseEndpoint(authority);
  const known = ['http', 'https', 'dns', 'passthrough'].includes(scheme);
  if (!known || target === undefined) {
    const expected = 'host:port, dns:///host:port, passthrough:///host:port or unix:///path';
    throw new Error(`cannot connect to ${JSON.stringify(endpoint)}: expected ${expected}`);
  }
  const host = target.host === '' ? 'localhost' : target.host;
  return {
    target: { host, port: target.port },
    authority,
    resolve: scheme !== 'passthrough',
    https,
  };
}

/** Whether a connection has TLS. */
export function grpcUsesTls(config: Pick<GrpcClientConfig, 'endpoint' | 'tls'>): boolean {
  return config.endpoint.startsWith('https://') || wantsTls(config.tls);
}

const time = (text: string) =>
  duration({ min: Number.NEGATIVE_INFINITY }).prefault(0).describe(text);

const keepalive = z.strictObject({
  time: time('a server silent for so long is sent a PING; less than 10s = 10s'),
  timeout: time('time that it has to answer; 0 = 20s'),
  permit_without_stream: z.boolean().default(false).describe('also while there is no call'),
});

const asItSees = 'the runtime chooses how much it reads and writes at a time';

const balancers = ['round_robin', 'pick_first'];

/** The keys of a gRPC client, all of the Go collector's configgrpc.ClientConfig. */
export function grpcClientKeys(defaults: { readonly compression: CompressionType }) {
  return {
    endpoint: z
      .string()
      .default('')
      .superRefine((text, ctx) => {
        const message = grpcEndpointFault(text);
        if (message !== undefined) ctx.addIssue({ code: 'custom', message });
      })
      .describe('server, `host:port`; https:// in front means TLS'),
    compression: compressionKey(defaults.compression).describe('gzip, snappy, zstd or none'),
    tls: tlsClient().prefault({}).describe('TLS, which is on unless `insecure: true` is said'),
    keepalive: optionalSection(keepalive).describe(
      'PINGs to notice a dead connection; absent = none',
    ),
    headers: headerList().prefault({}).describe('headers sent with every call'),
    auth: authSection(),
    middlewares: middlewaresKey(),
    authority: z.string().default('').describe('value of the :authority header'),
    user_agent: z.string().default('').describe('value of the user-agent header'),
    balancer_name: z
      .string()
      .default('round_robin')
      .refine((name) => name === '' || balancers.includes(name.toLowerCase()), {
        error: (issue) => `invalid balancer_name: ${issue.input}`,
      })
      .describe('round_robin: calls go to all addresses of the host in turn; pick_first: to one'),
    wait_for_ready: z
      .boolean()
      .default(false)
      .describe('whether calls wait for a connection instead of failing while there is none'),
    read_buffer_size: z
      .int()
      .default(0)
      .describe('bytes read at a time')
      .meta({ unused: asItSees }),
    write_buffer_size: z
      .int()
      .default(0)
      .describe('bytes held before writing')
      .meta({ unused: asItSees }),
  };
}
