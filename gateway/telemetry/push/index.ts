import type { TelemetryConfig } from '../config.ts';
import type { Telemetry } from '../index.ts';
import { createMeter } from '../meter.ts';
import { consoleExporter, type OwnSettings, otlpExporter } from './exporter.ts';
import { MetricsPush } from './metrics.ts';

/** OpenTelemetry's default for periodic readers. */
const defaultIntervalMs = 60_000;

/** Own telemetry on its way out. */
export interface Push {
  /** Sends what there is a last time. */
  shutdown(): Promise<void>;
}

/**
 * Sends own metrics where `service::telemetry` asks for it.
 * @param settings of the exporters; they tell their own metrics to nobody
 * @throws Error when an exporter cannot start
 */
export async function startPush(
  config: TelemetryConfig,
  { logger, meter, resource }: Telemetry,
  settings: Omit<OwnSettings, 'logger' | 'meter' | 'ledger'>,
): Promise<Push> {
  const unused = { dropped() {}, held() {}, created() {}, delivered() {} };
  const own: OwnSettings = { ...settings, logger, meter: createMeter('none'), ledger: unused };
  const pushes: MetricsPush[] = [];
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
