import type { Component } from '../../component/component.ts';
import { background, type Consumer, type Context } from '../../component/consumer.ts';
import type { ProcessorFactory } from '../../component/factory.ts';
import type { Settings } from '../../component/settings.ts';
import type { Signal } from '../../component/signals.ts';
import type { Batch } from '../../pdata/batch.ts';
import type { Attempt } from '../../pipeline/backend.ts';
import type { QueueConfig } from '../../pipeline/config.ts';
import { createExporter } from '../../pipeline/exporter.ts';
import { config } from './config.ts';
import { metrics, ownSettings } from './own-settings.ts';

function create<S extends Signal>(
  signal: S,
  settings: Settings,
  queue: QueueConfig,
  next: Consumer<S>,
): Component & Consumer<S> {
  async function push(batch: Batch<S>, { client }: Attempt): Promise<void> {
    const ctx: Context = client === undefined ? background : { ...background, client };
    const given = next.mutates ? batch.editable() : batch;
    await next.consume(given, ctx);
  }
  const delivery = { timeout: 0, retry_on_failure: undefined, sending_queue: queue };
  return createExporter(signal, ownSettings(settings), delivery, { push });
}

/** A queue inside of a pipeline that joins small batches to larger ones. */
export const factory: ProcessorFactory<QueueConfig> = {
  kind: 'processor',
  type: 'queuebatch',
  stability: {
    traces: 'development',
    metrics: 'development',
    logs: 'development',
    profiles: 'development',
  },
  description: 'A queue, in memory or on disk, that joins small batches to larger ones.',
  config,
  metrics,
  create,
};
