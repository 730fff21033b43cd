import type { TelemetryConfig } from '../config.ts';
import type { Telemetry } from '../index.ts';
import { createMeter } from '../meter.ts';
import { noTracer, type SpanRecorder } from '../tracer.ts';
import { consoleExporter, type OwnSettings, otlpExporter } from './exporter.ts';
import { MetricsPush } from './metrics.ts';
import { TracesPush } from './traces.ts';

/** OpenTelemetry's default for periodic readers. */
const defaultIntervalMs = 60_000;

/** OpenTelemetry's defaults for batches of spans. */
const defaultDelayMs = 5000;
const defaultExportSpans = 512;

/** Own telemetry on its way out. */
export interface Push {
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
  const pushes: (MetricsPush | TracesPush)[] = [];
  if (recorder !== undefined) pushes.push(...(await tracePushes(config, recorder, own)));
  const readers = config.metrics.level === 'none' ? [] : config.metrics.readers;
  for (const { periodic } of readers) {
    if (periodic === undefined) continue;
    const { console, otlp } = periodic.exporter;
    const exporter =
      otlp === undefined
        ? consoleExporter<'metrics'>((line) => process.stdout.write(line))
        : await otlpExporter(
            'metrics',
            { ...otlp, timeout: otlp.timeout ?? periodic.timeout },
            own,
          );
    if (otlp === undefined && console === undefined) continue;
    const push = new MetricsPush({
      collect: () => meter.collect().filter(({ name }) => name !== 'target_info'),
      exporter,
      resource,
      version: settings.build.version,
      clock: settings.clock,
      logger,
      intervalMs: periodic.interval ?? defaultIntervalMs,
      delta: otlp?.temporality_preference === 'delta',
    });
    await push.start();
    pushes.push(push);
  }
  return {
    async shutdown() {
      await Promise.all(pushes.map((push) => push.shutdown()));
    },
  };
}

/** Exporters of all processors get every span; the first processor's batch keys count. */
async function tracePushes(
  config: TelemetryConfig,
  recorder: SpanRecorder,
  own: OwnSettings,
): Promise<TracesPush[]> {
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
  const push = new TracesPush({
    recorder,
    exporters,
    clock: own.clock,
    logger: own.logger,
    delayMs: first?.batch?.schedule_delay ?? defaultDelayMs,
    most: first?.batch?.max_export_batch_size ?? defaultExportSpans,
  });
  await push.start();
  return [push];
}
