import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { duration } from '../../config/schema/index.ts';
import type { Bodies } from './status.ts';

/** The keys as they are decoded; without `response_body` the answer is JSON. */
export interface HealthCheckConfig extends HttpServerConfig {
  readonly path: string;
  readonly response_body?: Bodies | undefined;
}

/** Probes are small and quick: slow ones are cut off. */
const times = {
  read_timeout: '10s',
  read_header_timeout: '10s',
  write_timeout: '0',
  idle_timeout: '0',
};

const bodies = z.strictObject({
  healthy: z.string().default('').describe('body while data is taken'),
  unhealthy: z.string().default('').describe('body while it is not'),
});

const nobody = { unused: 'the Go collector does nothing with it either' };

const pipelineCheck = z.strictObject({
  enabled: z.boolean().default(false).describe('whether exporters are watched').meta(nobody),
  interval: z.string().default('5m').describe('of the watch').meta(nobody),
  exporter_failure_threshold: z.int().default(5).describe('failures').meta(nobody),
});

const gateText =
  'v2 healthcheck configuration (http/grpc fields) detected but feature gate is disabled: enable ' +
  'it with --feature-gates=+extension.healthcheck.useComponentStatus, or use healthcheckv2';

const ofSecond = { unused: 'it is for the gate extension.healthcheck.useComponentStatus' };

/** Configuration of the extension. */
export const config = z
  .strictObject({
    ...httpServerKeys('localhost:13133', times),
    keep_alives_enabled: z
      .boolean()
      .default(false)
      .describe('whether connections serve more than one request'),
    path: z.string().default('/').describe('path that answers, with a `/` at its end all below'),
    response_body: bodies.optional().describe('bodies of your own instead of the JSON ones'),
    check_collector_pipeline: pipelineCheck.prefault({}).describe('deprecated'),
    use_v2: z.boolean().default(false).describe('must be false: see healthcheckv2'),
    http: z.unknown().optional().describe('refused: see healthcheckv2'),
    grpc: z.unknown().optional().describe('refused: see healthcheckv2'),
    component_health: z
      .strictObject({
        include_permanent_errors: z.boolean().default(false).describe('of v2').meta(ofSecond),
        include_recoverable_errors: z.boolean().default(false).describe('of v2').meta(ofSecond),
        recovery_duration: duration({ min: Number.NEGATIVE_INFINITY })
          .prefault(0)
          .describe('of v2')
          .meta(ofSecond),
      })
      .optional()
      .describe('which errors count, of v2'),
  })
  .superRefine((given, ctx) => {
    checkHttpServer(given, ctx);
    const report = (message: string, path: string[] = []) =>
      ctx.addIssue({ code: 'custom', path, message });
    if (given.http !== undefined || given.grpc !== undefined) report(gateText);
    else if (given.use_v2) report('must specify at least one protocol: use_v2');
    else if (given.endpoint === '') report('http endpoint required', ['endpoint']);
    else if (!given.path.startsWith('/')) report('path must start with /', ['path']);
  });
