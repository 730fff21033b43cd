import { randomUUID } from 'node:crypto';
import type { BuildInfo, Clock, Tracer } from '../../component/settings.ts';
import { sameConfig } from '../../config/schema/same.ts';
import { systemRandom } from './clock.ts';
import type { TelemetryConfig } from './config.ts';
import { createLogger, type LogSink, type RootLogger } from './logger.ts';
import { createMeter, type ReadableMeter } from './meter.ts';
import { MetricsEndpoints } from './metrics-endpoints.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { createSampler as createSpanSampler, type SamplerKeys } from './span-sampler.ts';
import { noTracer, SpanRecorder } from './tracer.ts';
import { compileViews } from './views.ts';

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
  /**
   * Takes what can change while the program runs: level and sampling of the log, level and
   * endpoints of metrics.
   * @throws Error that names what cannot, or an endpoint that cannot listen; nothing changed then
   */
  change(next: TelemetryConfig): Promise<void>;
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
  const setViews = (given: TelemetryConfig['metrics']) =>
    meter.setViews(compileViews(given.views ?? [], (fault) => logger.warn(fault)));
  setViews(config.metrics);
  const info = { description: 'Attributes of the program', unit: '' };
  meter.gauge('target_info', info, () => 1, resource);
  const recorder = recorderOf(config, resource, build, clock);
  const endpoints = new MetricsEndpoints(meter, logger, resource);
  let current = config;
  return {
    logger,
    meter,
    resource,
    recorder,
    tracer: recorder ?? noTracer,
    start: () => endpoints.open(config.metrics),
    async change(next) {
      refuseFixed(current, next);
      if (!sameConfig(current.metrics.views, next.metrics.views)) setViews(next.metrics);
      if (!sameConfig(current.metrics, next.metrics)) {
        await endpoints.change(current.metrics, next.metrics);
      }
      meter.setLevel(next.metrics.level);
      logger.change(next.logs);
      current = next;
    },
    shutdown: () => endpoints.close(),
  };
}

/** What is there from the first entry to the last. */
function refuseFixed(current: TelemetryConfig, next: TelemetryConfig): void {
  const logs = ({ level: _level, sampling: _sampling, ...rest }: TelemetryConfig['logs']) => rest;
  const fixed: [string, unknown, unknown][] = [
    ['logs (other than level and sampling)', logs(current.logs), logs(next.logs)],
    ['traces', current.traces, next.traces],
    ['resource', current.resource, next.resource],
  ];
  for (const [what, before, after] of fixed) {
    if (sameConfig(before, after)) continue;
    throw new Error(`cannot change service::telemetry::${what} while the program runs`);
  }
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
