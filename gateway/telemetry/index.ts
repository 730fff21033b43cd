import { randomUUID } from 'node:crypto';
import type { BuildInfo, Clock, Tracer } from '../../component/settings.ts';
import { sameConfig } from '../../config/schema/same.ts';
import type { AttributeValue } from '../../pdata/builder.ts';
import { systemRandom } from './clock.ts';
import type { TelemetryConfig } from './config.ts';
import { LogRecorder } from './log-recorder.ts';
import { createLogger, type LogSink, type RootLogger } from './logger.ts';
import { createMeter, type ReadableMeter } from './meter.ts';
import { MetricsEndpoints } from './metrics-endpoints.ts';
import { outboxesOf } from './outbox.ts';
import { registerProcessMetrics } from './process-metrics.ts';
import { RecentLog } from './recent-log.ts';
import { createSampler as createSpanSampler, type SamplerKeys } from './span-sampler.ts';
import { noTracer, SpanRecorder } from './tracer.ts';
import { compileViews } from './views.ts';

/** Attributes of the program. */
export type Resource = Readonly<Record<string, AttributeValue>>;

/** The program's own telemetry. */
export interface Telemetry {
  readonly logger: RootLogger;
  readonly meter: ReadableMeter;
  /** noTracer, or the recorder. */
  readonly tracer: Tracer;
  /** Where own spans wait to be sent; undefined when there are none. */
  readonly recorder: SpanRecorder | undefined;
  /** Where own log records wait to be sent; undefined when they go nowhere. */
  readonly logRecorder: LogRecorder | undefined;
  /** The newest warnings and errors. */
  readonly recent: RecentLog;
  /** Attributes of the program as they are sent. */
  readonly resource: Resource;
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
  const texts = textsOf(resource);
  const shown = config.logs.disable_zap_resource ? {} : { resource: texts };
  const logRecorder =
    config.logs.processors.length === 0
      ? undefined
      : new LogRecorder(outboxesOf(config.logs.processors), clock, resource, schemaUrl(config));
  const recent = new RecentLog(clock);
  const logger = await createLogger(config.logs, shown, clock, sink, logRecorder, recent);
  const meter = createMeter(config.metrics.level);
  registerProcessMetrics(meter, clock);
  const setViews = (given: TelemetryConfig['metrics']) =>
    meter.setViews(compileViews(given.views ?? [], (fault) => logger.warn(fault)));
  setViews(config.metrics);
  const info = { description: 'Attributes of the program', unit: '' };
  meter.gauge('target_info', info, () => 1, texts);
  const recorder = recorderOf(config, resource, build, clock);
  const endpoints = new MetricsEndpoints(meter, logger, texts);
  let current = config;
  return {
    logger,
    meter,
    resource,
    recorder,
    logRecorder,
    recent,
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
  config: TelemetryConfig,
  resource: Resource,
  { version }: BuildInfo,
  clock: Clock,
): SpanRecorder | undefined {
  const { traces } = config;
  if (traces.level === 'none' || traces.processors.length === 0) return undefined;
  return new SpanRecorder({
    clock,
    random: systemRandom,
    sampler: createSpanSampler(traces.sampler as SamplerKeys | undefined),
    propagators: traces.propagators,
    resource,
    schemaUrl: schemaUrl(config),
    version,
    outboxes: outboxesOf(traces.processors),
  });
}

/** OpenTelemetry's conventions that the attributes of the program follow. */
const ownSchemaUrl = 'https://opentelemetry.io/schemas/1.40.0';

function schemaUrl(config: TelemetryConfig): string {
  return config.resource.schemaUrl ?? ownSchemaUrl;
}

/** Attributes as the log and the metrics endpoint show them. */
function textsOf(resource: Resource): Record<string, string> {
  return Object.fromEntries(
    Object.entries(resource).map(([key, value]) => [
      key,
      typeof value === 'object' ? JSON.stringify(value) : String(value),
    ]),
  );
}

function resourceOf(config: TelemetryConfig, build: BuildInfo): Resource {
  const resource: Record<string, AttributeValue> = {
    'service.instance.id': randomUUID(),
    'service.name': build.command,
    'service.version': build.version,
  };
  for (const [key, value] of Object.entries(config.resource.attributes)) {
    if (value === null) delete resource[key];
    else resource[key] = value;
  }
  return resource;
}
