import { randomUUID } from 'node:crypto';
import type { BuildInfo, Clock, Tracer } from '../../component/settings.ts';
import { systemRandom } from './clock.ts';
import type { TelemetryConfig } from './config.ts';
import { createLogger, type LogSink, type RootLogger } from './logger.ts';
import { createMeter, type ReadableMeter } from './meter.ts';
import { type MetricsServer, serveMetrics } from './metrics-server.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { createSampler as createSpanSampler, type SamplerKeys } from './span-sampler.ts';
import { noTracer, SpanRecorder } from './tracer.ts';

/** The program's own telemetry. */
export interface Telemetry {
  readonly logger: RootLogger;
  readonly meter: ReadableMeter;
  /** noTracer, or the recorder. */
  readonly tracer: Tracer;
  /** Where own spans wait to be sent; undefined when there are none. */
  readonly recorder: SpanRecorder | undefined;
  /** Attributes of the program. */
  readonly resource: Readonly<Record<string, string>>;
  /** Opens the metrics endpoints. @throws Error when one cannot listen */
  start(): Promise<void>;
  shutdown(): Promise<void>;
}

/** @param sink takes log lines instead of the configured outputs */
export async function createTelemetry(
  config: TelemetryConfig,
  build: BuildInfo,
  clock: Clock,
  sink?: LogSink,
): Promise<Telemetry> {
  const resource = resourceOf(config, build);
  const shown = config.logs.disable_zap_resource ? {} : { resource };
  const logger = await createLogger(config.logs, shown, clock, sink);
  const meter = createMeter(config.metrics.level);
  registerProcessMetrics(meter, clock);
  const info = { description: 'Attributes of the program', unit: '1' };
  meter.gauge('target_info', info, () => 1, resource);
  const recorder = recorderOf(config, resource, build, clock);
  const servers: MetricsServer[] = [];
  return {
    logger,
    meter,
    resource,
    recorder,
    tracer: recorder ?? noTracer,
    async start() {
      if (config.metrics.level === 'none') return;
      for (const reader of config.metrics.readers) {
        const pull = reader.pull?.exporter.prometheus;
        if (pull?.host === undefined || pull.port === undefined) continue;
        const { host, port, without_units, without_type_suffix } = pull;
        const naming = { units: !without_units, suffixes: !without_type_suffix };
        const server = await serveMetrics(host, port, meter, naming);
        servers.push(server);
        logger.debug('Serving metrics', { host, port: server.port });
      }
    },
    async shutdown() {
      await Promise.all(servers.splice(0).map((server) => server.close()));
    },
  };
}

function recorderOf(
  { traces }: TelemetryConfig,
  resource: Readonly<Record<string, string>>,
  { version }: BuildInfo,
  clock: Clock,
): SpanRecorder | undefined {
  if (traces.level === 'none' || traces.processors.length === 0) return undefined;
  return new SpanRecorder({
    clock,
    random: systemRandom,
    sampler: createSpanSampler(traces.sampler as SamplerKeys | undefined),
    propagators: traces.propagators,
    resource,
    version,
    maxWaiting: traces.processors[0]?.batch?.max_queue_size ?? 2048,
  });
}

function resourceOf(config: TelemetryConfig, build: BuildInfo): Record<string, string> {
  const resource: Record<string, string> = {
    'service.instance.id': randomUUID(),
    'service.name': build.command,
    'service.version': build.version,
  };
  for (const [key, value] of Object.entries(config.resource)) {
    if (value === null) delete resource[key];
    else resource[key] = value;
  }
  return resource;
}
