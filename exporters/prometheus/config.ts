import { z } from 'zod';
import {
  checkHttpServer,
  type HttpServerConfig,
  httpServerKeys,
} from '../../config/groups/http-server.ts';
import { type ResourceConversion, resourceConversionKey } from '../../config/groups/prometheus.ts';
import { duration, section } from '../../config/schema/index.ts';
import { type QueueConfig, queueSchema } from '../../pipeline/config.ts';
import { strategies } from '../../wire/prometheus/from-otlp/rules.ts';

/** Configuration after decoding; times in milliseconds. */
export interface PrometheusConfig extends HttpServerConfig {
  readonly sending_queue?: QueueConfig | undefined;
  readonly namespace: string;
  readonly const_labels: Readonly<Record<string, string>>;
  readonly send_timestamps: boolean;
  readonly metric_expiration: number;
  readonly resource_to_telemetry_conversion: ResourceConversion;
  readonly enable_open_metrics: boolean;
  readonly without_scope_info: boolean;
  readonly add_metric_suffixes: boolean;
  readonly translation_strategy: string;
}

/** Configuration of the exporter. */
export const config = z
  .strictObject({
    ...httpServerKeys(''),
    sending_queue: section(queueSchema()).describe('a queue before the exporter; absent = none'),
    namespace: z.string().default('').describe('put before the name of every metric'),
    const_labels: z
      .record(z.string(), z.string())
      .default({})
      .describe('labels of every metric but target_info'),
    send_timestamps: z.boolean().default(false).describe('whether the times of points are written'),
    metric_expiration: duration({ min: Number.NEGATIVE_INFINITY })
      .prefault('5m')
      .describe('time that a metric is shown after its last point'),
    resource_to_telemetry_conversion: resourceConversionKey(),
    enable_open_metrics: z
      .boolean()
      .default(false)
      .describe('whether scrapes may ask for OpenMetrics, which has exemplars'),
    without_scope_info: z
      .boolean()
      .default(false)
      .describe('whether labels otel_scope_* are left out'),
    add_metric_suffixes: z
      .boolean()
      .default(true)
      .describe(
        'not looked at unless the feature gate exporter.prometheusexporter.' +
          'DisableAddMetricSuffixes is turned off; translation_strategy says it',
      )
      .meta({ deprecated: true }),
    translation_strategy: z
      .string()
      .default('')
      .describe(`how names are made: ${Object.keys(strategies).join(', ')}`),
  })
  .superRefine((given, ctx) => {
    const { translation_strategy: strategy } = given;
    if (given.endpoint.trim() === '') {
      const message = 'expecting a non-blank address to run the Prometheus metrics handler';
      ctx.addIssue({ code: 'custom', path: ['endpoint'], message });
    } else checkHttpServer(given, ctx);
    if (strategy === '' || Object.hasOwn(strategies, strategy)) return;
    const message = `invalid translation_strategy: ${strategy}`;
    ctx.addIssue({ code: 'custom', path: ['translation_strategy'], message });
  });
