import type { ExporterFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { ExporterConfig } from '../../pipeline/config.ts';
import { createExporter, type PushBackend } from '../../pipeline/exporter.ts';
import { RemoteWriteBackend } from './backend.ts';
import { config, gateFaults, gateIds, type RemoteWriteConfig } from './config.ts';
import { metrics } from './telemetry.ts';

/** Sends metrics by Prometheus remote write. */
export const factory: ExporterFactory<RemoteWriteConfig> = {
  kind: 'exporter',
  type: 'prometheus_remote_write',
  aliases: ['prometheusremotewrite'],
  stability: { metrics: 'beta' },
  description: 'Sends metrics by Prometheus remote write, versions 1.0 and 2.0.',
  config,
  metrics,
  checkGates: gateFaults,
  create<S extends Signal>(signal: S, settings: Settings, given: RemoteWriteConfig) {
    const backend = new RemoteWriteBackend(settings, given) as unknown as PushBackend<S>;
    return createExporter(signal, settings, deliveryOf(settings, given), backend);
  },
};

/** The queue takes batches one after the other: parts of one go out in parallel. */
function deliveryOf({ gates }: Settings, given: RemoteWriteConfig): ExporterConfig {
  const { timeout, retry_on_failure, remote_write_queue: queue } = given;
  if (!queue.enabled) return { timeout, retry_on_failure };
  const workers = gates.enabled(gateIds.workers) ? Math.max(1, queue.num_consumers) : 1;
  return {
    timeout,
    retry_on_failure,
    sending_queue: {
      num_consumers: workers,
      wait_for_result: false,
      block_on_overflow: false,
      sizer: 'requests',
      queue_size: queue.queue_size,
      storage: queue.storage,
    },
  };
}
