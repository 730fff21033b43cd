import { z } from 'zod';
import { type GrpcServerConfig, grpcServer } from '../../config/groups/grpc-server.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { section } from '../../config/schema/index.ts';

export interface OtlpHttpConfig extends HttpServerConfig {
  readonly traces_url_path: string;
  readonly metrics_url_path: string;
  readonly logs_url_path: string;
  readonly profiles_url_path: string;
}

export interface OtlpReceiverConfig {
  readonly protocols: {
    readonly grpc?: GrpcServerConfig | undefined;
    readonly http?: OtlpHttpConfig | undefined;
  };
}

const path = (value: string, what: string) =>
  z
    .string()
    .transform((text) => (text.startsWith('/') ? text : `/${text}`))
    .prefault(value)
    .describe(`path that ${what} are posted to`);

const http = z
  .strictObject({
    ...httpServerKeys('localhost:4318'),
    traces_url_path: path('/v1/traces', 'traces'),
    metrics_url_path: path('/v1/metrics', 'metrics'),
    logs_url_path: path('/v1/logs', 'logs'),
    profiles_url_path: path('/v1development/profiles', 'profiles'),
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
