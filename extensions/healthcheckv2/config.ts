import { z } from 'zod';
import { type GrpcServerConfig, grpcServer } from '../../config/groups/grpc-server.ts';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { duration } from '../../config/schema/index.ts';

interface PathConfig {
  readonly enabled: boolean;
  readonly path: string;
  readonly include_attributes: boolean;
}

/** Section `http`: its server, and what it serves where. */
export interface HealthHttpConfig extends HttpServerConfig {
  readonly status: PathConfig;
  readonly config: PathConfig;
}

/** Which errors make a component unhealthy; times in milliseconds. */
export interface ComponentHealth {
  readonly include_permanent_errors: boolean;
  readonly include_recoverable_errors: boolean;
  readonly recovery_duration: number;
}

/** The keys as they are decoded; without `use_v2` those of health_check count. */
export interface HealthCheckV2Config extends HttpServerConfig {
  readonly path: string;
  readonly response_body?: { readonly healthy: string; readonly unhealthy: string } | undefined;
  readonly use_v2: boolean;
  readonly http?: HealthHttpConfig | undefined;
  readonly grpc?: GrpcServerConfig | undefined;
  readonly component_health?: ComponentHealth | undefined;
}

/** Probes are small and quick: slow ones are cut off. */
const times = {
  read_timeout: '10s',
  read_header_timeout: '10s',
  write_timeout: '0',
  idle_timeout: '0',
};

const path = (enabled: boolean, value: string, what: string) =>
  z
    .strictObject({
      enabled: z.boolean().default(enabled).describe(`whether ${what}`),
      path: z.string().default(value).describe('path that answers'),
      include_attributes: z
        .boolean()
        .default(false)
        .describe('whether attributes are told')
        .meta({ unused: 'statuses have no attributes' }),
    })
    .prefault({});

const http = z
  .strictObject({
    ...httpServerKeys('localhost:13133', times),
    status: path(true, '/status', 'statuses are told'),
    config: path(false, '/config', 'the configuration is told, without secrets'),
  })
  .superRefine(checkHttpServer);

const health = z.strictObject({
  include_permanent_errors: z.boolean().default(false).describe('permanent errors are unhealthy'),
  include_recoverable_errors: z
    .boolean()
    .default(false)
    .describe('recoverable errors are unhealthy after recovery_duration'),
  recovery_duration: duration({ min: Number.NEGATIVE_INFINITY })
    .prefault(0)
    .describe('time in which a recoverable error may pass'),
});

const bodies = z.strictObject({
  healthy: z.string().default('').describe('body while data is taken'),
  unhealthy: z.string().default('').describe('body while it is not'),
});

const nobody = { unused: 'the Go collector does nothing with it either' };

const pipelineCheck = z.strictObject({
  enabled: z.boolean().default(false).describe('whether exporters are watched').meta(nobody),
  interval: z.string().default('').describe('of the watch').meta(nobody),
  exporter_failure_threshold: z.int().default(0).describe('failures').meta(nobody),
});

/** A part that is on as soon as its key is there. */
const whenNamed = <T extends z.ZodType>(schema: T) =>
  z
    .preprocess((value) => value ?? {}, schema)
    .optional()
    .meta({ section: true });

function fault(config: HealthCheckV2Config): string | undefined {
  if (!config.use_v2) {
    if (config.endpoint === '') return 'http endpoint required';
    return config.path.startsWith('/') ? undefined : 'path must start with /';
  }
  const { http: asked, grpc } = config;
  if (asked === undefined && grpc === undefined) return 'must specify at least one protocol';
  if (asked !== undefined) {
    if (asked.endpoint === '') return 'http endpoint required';
    const bad = [asked.status, asked.config].some((p) => p.enabled && !p.path.startsWith('/'));
    if (bad) return 'path must start with /';
  }
  return grpc?.endpoint === '' ? 'grpc endpoint required' : undefined;
}

/** Configuration of the extension. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:13133', times),
    path: z.string().default('/').describe('without use_v2: path that answers'),
    response_body: bodies.optional().describe('without use_v2: bodies instead of the JSON ones'),
    check_collector_pipeline: pipelineCheck.prefault({}).describe('deprecated'),
    use_v2: z
      .boolean()
      .default(false)
      .describe('whether http and grpc count instead of the keys at the top'),
    http: whenNamed(http).describe('statuses over HTTP'),
    grpc: whenNamed(grpcServer('localhost:13132')).describe('the gRPC health service'),
    component_health: health
      .optional()
      .describe('which errors count; absent = none but fatal ones'),
  })
  .superRefine((given, ctx) => {
    checkHttpServer(given, ctx);
    const message = fault(given);
    if (message !== undefined) ctx.addIssue({ code: 'custom', message });
  });
