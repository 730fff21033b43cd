import { z } from 'zod';
import { type GrpcServerConfig, grpcServer } from '../../config/groups/grpc-server.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { urlFault } from '../../config/groups/url.ts';
import { section } from '../../config/schema/index.ts';

/** The HTTP server, and the path of each signal. */
export interface OtlpHttpConfig extends HttpServerConfig {
  readonly traces_url_path: string;
  readonly metrics_url_path: string;
  readonly logs_url_path: string;
}

/** The keys as they are decoded; a protocol that is undefined is off. */
export interface OtlpReceiverConfig {
  readonly protocols: {
    readonly grpc?: GrpcServerConfig | undefined;
    readonly http?: OtlpHttpConfig | undefined;
  };
}

/** The path of a URL, without what comes after it. */
function pathOf(text: string): string {
  const path = decodeURIComponent(
    text.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').split(/[?#]/)[0]!,
  );
  return path.startsWith('/') ? path : `/${path}`;
}

const path = (value: string, what: string) =>
  z
    .string()
    .transform((text, ctx) => {
      const fault = urlFault(text);
      if (fault === undefined) return pathOf(text);
      const message = `invalid HTTP URL path set for signal: ${fault}`;
      ctx.addIssue({ code: 'custom', message });
      return z.NEVER;
    })
    .prefault(value)
    .describe(`path that ${what} are posted to`);

/** Times of the Go collector's receiver, but for the two that keep slow senders out. */
const times = {
  read_timeout: '5m',
  read_header_timeout: '1m',
  write_timeout: '0',
  idle_timeout: '0',
};

const http = z
  .strictObject({
    ...httpServerKeys('localhost:4318', times),
    traces_url_path: path('/v1/traces', 'traces'),
    metrics_url_path: path('/v1/metrics', 'metrics'),
    logs_url_path: path('/v1/logs', 'logs'),
  })
  .superRefine(checkHttpServer);

/** Configuration of the receiver; a protocol without its key is off. */
export const config = z.strictObject({
  protocols: z
    .strictObject({
      grpc: section(grpcServer('localhost:4317')).describe('OTLP over gRPC; absent = off'),
      http: section(http).describe('OTLP over HTTP; absent = off'),
    })
    .refine((protocols) => protocols.grpc !== undefined || protocols.http !== undefined, {
      error: 'must specify at least one protocol when using the OTLP receiver',
    })
    .describe('what to listen for'),
});
