import type { Logger } from '../../../component/settings.ts';
import type { Signal } from '../../../component/signals.ts';
import { sameConfig } from '../../../config/schema/same.ts';
import type { Batch } from '../../../pdata/batch.ts';
import { noLedger } from '../../../pipeline/ledger.ts';
import { unixNanos } from '../clock.ts';
import type { TelemetryConfig } from '../config.ts';
import { errorText } from '../error-text.ts';
import type { Telemetry } from '../index.ts';
import { createMeter } from '../meter.ts';
import type { Outbox } from '../outbox.ts';
import { noTracer } from '../tracer.ts';
import { consoleExporter, type OtlpKeys, type OwnSettings, otlpExporter } from './exporter.ts';
import { OwnPush } from './push.ts';
import { ReadingWriter, type TemporalityPreference } from './reading-writer.ts';

/** OpenTelemetry's default for periodic readers. */
const defaultIntervalMs = 60_000;

/** OpenTelemetry's defaults for batches. */
const defaultDelayMs = { traces: 5000, logs: 1000 } as const;

/** What keeps spans or log records until they are sent. */
interface Recorder<S extends Signal, T> {
  readonly outboxes: readonly Outbox<T>[];
  batchOf(items: readonly T[]): Batch<S>;
}

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
  { logger, meter, resource, recorder, logRecorder }: Telemetry,
  settings: Omit<OwnSettings, 'logger' | 'meter' | 'tracer' | 'ledger'>,
): Promise<Push> {
  const own: OwnSettings = {
    ...settings,
    tracer: noTracer,
    logger: logger.unsent(),
    meter: createMeter('none'),
    ledger: noLedger,
  };
  const traces =
    recorder === undefined
      ? []
      : await itemPushes('traces', config.traces.processors, recorder, own);
  const logs =
    logRecorder === undefined
      ? []
      : await itemPushes('logs', config.logs.processors, logRecorder, own);
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
      await Promise.all([...traces, ...metrics, ...logs].map((push) => push.shutdown()));
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

/** Keys of a processor that decide when it sends. */
interface ProcessorKeys {
  readonly batch?: (Timing & Exporting) | undefined;
  readonly simple?: Exporting | undefined;
}

interface Timing {
  readonly schedule_delay?: number | undefined;
  readonly export_timeout?: number | undefined;
}

interface Exporting {
  readonly exporter: {
    readonly otlp?: OtlpKeys | undefined;
    readonly console?: object | undefined;
  };
}

/** One for each processor. */
async function itemPushes<S extends 'traces' | 'logs', T>(
  signal: S,
  processors: readonly ProcessorKeys[],
  recorder: Recorder<S, T>,
  own: OwnSettings,
): Promise<OwnPush<S>[]> {
  const pushes: OwnPush<S>[] = [];
  for (const [i, { batch, simple }] of processors.entries()) {
    const { otlp, console } = (batch ?? simple)?.exporter ?? {};
    const outbox = recorder.outboxes[i];
    if (outbox === undefined || (otlp === undefined && console === undefined)) continue;
    const timeout = Math.min(otlp?.timeout || 10_000, batch?.export_timeout || 30_000);
    const exporter =
      otlp === undefined
        ? consoleExporter<S>((line) => process.stdout.write(line))
        : await otlpExporter(signal, { ...otlp, timeout }, own);
    const push = new OwnPush<S>({
      signal,
      *batches() {
        for (const items of outbox.take()) yield recorder.batchOf(items);
      },
      exporters: [exporter],
      clock: own.clock,
      logger: own.logger as Logger,
      intervalMs: batch?.schedule_delay || defaultDelayMs[signal],
    });
    await push.start();
    outbox.whenFull(() => push.soon());
    pushes.push(push);
  }
  return pushes;
}
