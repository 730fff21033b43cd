import { sameConfig } from '../../../config/schema/same.ts';
import { unixNanos } from '../clock.ts';
import type { TelemetryConfig } from '../config.ts';
import { errorText } from '../error-text.ts';
import type { Telemetry } from '../index.ts';
import { createMeter } from '../meter.ts';
import { noTracer, type SpanRecorder } from '../tracer.ts';
import { consoleExporter, type OwnSettings, otlpExporter } from './exporter.ts';
import { OwnPush } from './push.ts';
import { ReadingWriter, type TemporalityPreference } from './reading-writer.ts';

/** OpenTelemetry's default for periodic readers. */
const defaultIntervalMs = 60_000;

/** OpenTelemetry's defaults for batches of spans. */
const defaultDelayMs = 5000;
const defaultExportSpans = 512;

/** Own telemetry on its way out. */
export interface Push {
  /** Goes on as another configuration says. A fault is logged. */
  change(next: TelemetryConfig): Promise<void>;
  /** Sends what there is a last time. */
  shutdown(): Promise<void>;
}

/**
 * Sends own metrics and traces where `service::telemetry` asks for it.
 * @param settings of the exporters; they tell their own metrics to nobody
 * @throws Error when an exporter cannot start
 */
export async function startPush(
  config: TelemetryConfig,
  { logger, meter, resource, recorder }: Telemetry,
  settings: Omit<OwnSettings, 'logger' | 'meter' | 'tracer' | 'ledger'>,
): Promise<Push> {
  const unused = { dropped() {}, held() {}, created() {}, delivered() {} };
  const own: OwnSettings = {
    ...settings,
    tracer: noTracer,
    logger,
    meter: createMeter('none'),
    ledger: unused,
  };
  const traces = recorder === undefined ? [] : await tracePushes(config, recorder, own);
  let current = config.metrics;
  let metrics = await metricPushes(current, { meter, resource }, own);
  return {
    async change(next) {
      if (sameConfig(current, next.metrics)) return;
      await Promise.all(metrics.map((push) => push.shutdown()));
      current = next.metrics;
      try {
        metrics = await metricPushes(current, { meter, resource }, own);
      } catch (error) {
        metrics = [];
        logger.error('Sending own metrics failed', { error: errorText(error) });
      }
    },
    async shutdown() {
      await Promise.all([...traces, ...metrics].map((push) => push.shutdown()));
    },
  };
}

/** One for each periodic reader. */
async function metricPushes(
  { level, readers }: TelemetryConfig['metrics'],
  { meter, resource }: Pick<Telemetry, 'meter' | 'resource'>,
  own: OwnSettings,
): Promise<OwnPush<'metrics'>[]> {
  const pushes: OwnPush<'metrics'>[] = [];
  for (const { periodic } of level === 'none' ? [] : readers) {
    if (periodic === undefined) continue;
    const { console, otlp } = periodic.exporter;
    if (otlp === undefined && console === undefined) continue;
    const timeout = otlp?.timeout ?? periodic.timeout;
    const exporter =
      otlp === undefined
        ? consoleExporter<'metrics'>((line) => process.stdout.write(line))
        : await otlpExporter('metrics', { ...otlp, timeout }, own);
    const preference = (otlp?.temporality_preference ?? 'cumulative') as TemporalityPreference;
    const writer = new ReadingWriter(resource, own.build.version, unixNanos(own.clock), preference);
    const push = new OwnPush({
      signal: 'metrics',
      batches: () => {
        const readings = meter.collect().filter(({ name }) => name !== 'target_info');
        return [writer.write(readings, unixNanos(own.clock))];
      },
      exporters: [exporter],
      clock: own.clock,
      logger: own.logger,
      intervalMs: periodic.interval ?? defaultIntervalMs,
    });
    await push.start();
    pushes.push(push);
  }
  return pushes;
}

/** Exporters of all processors get every span; the first processor's batch keys count. */
async function tracePushes(
  config: TelemetryConfig,
  recorder: SpanRecorder,
  own: OwnSettings,
): Promise<OwnPush<'traces'>[]> {
  const exporters = [];
  for (const { batch, simple } of config.traces.processors) {
    const { otlp, console } = (batch ?? simple)?.exporter ?? {};
    if (otlp !== undefined) exporters.push(await otlpExporter('traces', otlp, own));
    if (console !== undefined) {
      exporters.push(consoleExporter<'traces'>((line) => process.stdout.write(line)));
    }
  }
  if (exporters.length === 0) return [];
  const [first] = config.traces.processors;
  const most = first?.batch?.max_export_batch_size ?? defaultExportSpans;
  const push = new OwnPush({
    signal: 'traces',
    batches: () => recorder.take(most),
    exporters,
    clock: own.clock,
    logger: own.logger,
    intervalMs: first?.batch?.schedule_delay ?? defaultDelayMs,
  });
  await push.start();
  return [push];
}
